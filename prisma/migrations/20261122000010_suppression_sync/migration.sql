-- Suppressions go both ways: what a provider's list holds back is known here, and what is suppressed by hand here is put on that list.

-- When we last learnt that the provider's list has it, and by whom it stands there; null: made here, and not seen on the list yet.
ALTER TABLE "suppressions" ADD COLUMN "listed_at" TIMESTAMPTZ(3), ADD COLUMN "listed_origin" TEXT;
UPDATE "suppressions" SET "listed_at" = "changed_at", "listed_origin" = "origin"
WHERE "connection_id" <> '00000000-0000-0000-0000-000000000000' AND NOT ("scope" = 'stream' AND "reason" = 'manual' AND "origin" = 'customer');

ALTER TABLE "connections" ADD COLUMN "lists_stale" BOOLEAN NOT NULL DEFAULT true;

CREATE TABLE "suppression_lists" (
    "workspace_id" UUID NOT NULL,
    "connection_id" UUID NOT NULL,
    "stream" TEXT NOT NULL,
    "server_id" TEXT,
    "server_since" TIMESTAMPTZ(3),
    "due_at" TIMESTAMPTZ(3),
    "lease_token" UUID,
    "attempt" INTEGER NOT NULL DEFAULT 0,
    "synced_at" TIMESTAMPTZ(3),
    "here" INTEGER NOT NULL DEFAULT 0,
    "there" INTEGER NOT NULL DEFAULT 0,
    "missing_here" INTEGER NOT NULL DEFAULT 0,
    "missing_there" INTEGER NOT NULL DEFAULT 0,
    "error" TEXT,

    CONSTRAINT "suppression_lists_pkey" PRIMARY KEY ("workspace_id","connection_id","stream")
);
CREATE INDEX "suppression_lists_workspace_id_due_at_idx" ON "suppression_lists"("workspace_id", "due_at");
ALTER TABLE "suppression_lists" ADD CONSTRAINT "suppression_lists_workspace_id_fkey" FOREIGN KEY ("workspace_id") REFERENCES "workspaces"("id") ON DELETE CASCADE ON UPDATE CASCADE;

CREATE TABLE "suppression_pushes" (
    "workspace_id" UUID NOT NULL,
    "connection_id" UUID NOT NULL,
    "stream" TEXT NOT NULL,
    "email" TEXT NOT NULL,
    "wanted" TEXT NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,
    "status" TEXT NOT NULL,
    "due_at" TIMESTAMPTZ(3),
    "lease_token" UUID,
    "attempt" INTEGER NOT NULL DEFAULT 0,
    "message" TEXT,
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "suppression_pushes_pkey" PRIMARY KEY ("workspace_id","connection_id","stream","email")
);
CREATE INDEX "suppression_pushes_workspace_id_due_at_idx" ON "suppression_pushes"("workspace_id", "due_at");
CREATE INDEX "suppression_pushes_list_due" ON "suppression_pushes"("workspace_id", "connection_id", "stream", "due_at");
CREATE INDEX "suppression_pushes_workspace_id_email_idx" ON "suppression_pushes"("workspace_id", "email");
CREATE INDEX "suppression_pushes_workspace_id_status_finished_at_idx" ON "suppression_pushes"("workspace_id", "status", "finished_at");
ALTER TABLE "suppression_pushes" ADD CONSTRAINT "suppression_pushes_workspace_id_fkey" FOREIGN KEY ("workspace_id") REFERENCES "workspaces"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- A queue: its rows come and go.
ALTER TABLE "suppression_pushes" SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
