-- Who unsubscribed by a link of ours said so here, not on the provider's list: until now it was written down as learnt from that list, whose
-- next reading would have lifted it. Those that still hold are put on the list by its next reading.
UPDATE "suppressions" s SET "listed_at" = NULL, "listed_origin" = NULL
FROM "engagement_events" e
WHERE e."kind" = 'unsubscribed' AND e."data"->>'via' IN ('page', 'one_click') AND s."workspace_id" = e."workspace_id"
  AND s."email" = e."data"->>'recipient' AND s."scope" = 'stream' AND s."reason" = 'unsubscribe' AND s."origin" = 'recipient' AND s."active"
  AND s."changed_at" = e."occurred_at";
