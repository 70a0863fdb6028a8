-- Who unsubscribed by a link of ours said so here, not on the provider's list: until now it was written down as learnt from that list, whose
-- next reading would have lifted it. Those that still hold are put on the list by its next reading.
UPDATE "suppressions" s SET "listed_at" = NULL, "listed_origin" = NULL
FROM "engagement_events" e
WHERE e."kind" = 'unsubscribed' AND e."data"->>'via' IN ('page', 'one_click') AND s."workspace_id" = e."workspace_id"
  AND s."email" = e."data"->>'recipient' AND s."scope" = 'stream' AND s."reason" = 'unsubscribe' AND s."origin" = 'recipient' AND s."active"
  AND s."changed_at" = e."occurred_at";

-- Whether addresses are held back is asked before every email: answered from one index alone, so that a list of a million costs hardly more
-- than one of a thousand. It takes the place of the index for prefixes, which it serves as well.
DROP INDEX "suppressions_email_prefix";
CREATE INDEX "suppressions_email" ON "suppressions" ("workspace_id", "email" text_pattern_ops) INCLUDE ("active", "scope", "connection_id", "stream", "reason");
-- An index alone answers only for pages that a vacuum has seen.
ALTER TABLE "suppressions" SET (autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_vacuum_scale_factor = 0.02);
