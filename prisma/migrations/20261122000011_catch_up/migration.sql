-- What webhooks did not tell is asked for: how far that has come on each lane, and what it cost and brought by the hour.
CREATE TABLE "catch_ups" (
    "workspace_id" UUID NOT NULL,
    "connection_id" UUID NOT NULL,
    "message_stream" TEXT NOT NULL,
    "cursors" JSONB NOT NULL DEFAULT '{}',
    "listed_until" TIMESTAMPTZ(3),
    "listed_at" TIMESTAMPTZ(3),
    "webhook_at" TIMESTAMPTZ(3),
    "asked_at" TIMESTAMPTZ(3),
    "due_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "lease_token" UUID,
    "failures" INTEGER NOT NULL DEFAULT 0,
    "last_ran_at" TIMESTAMPTZ(3),
    "last_error" TEXT,

    CONSTRAINT "catch_ups_pkey" PRIMARY KEY ("workspace_id","connection_id","message_stream")
);

CREATE TABLE "catch_up_hours" (
    "workspace_id" UUID NOT NULL,
    "connection_id" UUID NOT NULL,
    "message_stream" TEXT NOT NULL,
    "hour" TIMESTAMPTZ(3) NOT NULL,
    "calls" INTEGER NOT NULL DEFAULT 0,
    "filled" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "catch_up_hours_pkey" PRIMARY KEY ("workspace_id","connection_id","hour","message_stream")
);

-- When something was first told of a send by asking instead of by webhook; null: never. Only then need a webhook look for what it repeats.
ALTER TABLE "sends" ADD COLUMN "news_filled_at" TIMESTAMPTZ(3);

-- Where webhooks have come until now, they are taken to have told of what left before them: else the first days would be asked for again.
INSERT INTO "catch_ups" ("workspace_id", "connection_id", "message_stream", "webhook_at")
SELECT l."workspace_id", l."connection_id", l."message_stream", uuid_time(w."id")
FROM "send_lanes" l
CROSS JOIN LATERAL (
  SELECT "id" FROM "webhook_events"
  WHERE "workspace_id" = l."workspace_id" AND "connection_id" = l."connection_id" AND "record_type" = 'Delivery'
  ORDER BY "id" DESC LIMIT 1) w;
