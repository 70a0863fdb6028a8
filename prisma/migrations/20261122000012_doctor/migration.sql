-- What DNS cannot be asked for without a name: the DKIM selector cannot be guessed, and a Return-Path may stand elsewhere than usual.
ALTER TABLE "connections" ADD COLUMN "dkim_selector" TEXT, ADD COLUMN "return_path_domain" TEXT;

CREATE TABLE "connection_checkups" (
    "workspace_id" UUID NOT NULL,
    "connection_id" UUID NOT NULL,
    "report" JSONB,
    "checked_at" TIMESTAMPTZ(3),
    "loop_send_id" UUID,
    "loop_started_at" TIMESTAMPTZ(3),
    "loop_found_at" TIMESTAMPTZ(3),
    "loop_code" TEXT,
    "loop_problem" TEXT,

    CONSTRAINT "connection_checkups_pkey" PRIMARY KEY ("workspace_id","connection_id")
);

CREATE TABLE "sender_addresses" (
    "workspace_id" UUID NOT NULL,
    "connection_id" UUID NOT NULL,
    "email" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "detail" TEXT,
    "seen_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "sender_addresses_pkey" PRIMARY KEY ("workspace_id","connection_id","email")
);
