-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "public";

-- CreateTable
CREATE TABLE "automations" (
    "workspace_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'draft',
    "definition" JSONB NOT NULL,
    "live_version_id" UUID,
    "paused_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,
    "deleted_at" TIMESTAMPTZ(3),

    CONSTRAINT "automations_pkey" PRIMARY KEY ("workspace_id","id")
);

-- CreateTable
CREATE TABLE "automation_versions" (
    "workspace_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "automation_id" UUID NOT NULL,
    "number" INTEGER NOT NULL,
    "definition" JSONB NOT NULL,
    "published_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "automation_versions_pkey" PRIMARY KEY ("workspace_id","id")
);

-- CreateTable
CREATE TABLE "enrollments" (
    "workspace_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "automation_id" UUID NOT NULL,
    "version_id" UUID NOT NULL,
    "profile_id" UUID NOT NULL,
    "entry_key" TEXT NOT NULL,
    "event_id" UUID,
    "status" TEXT NOT NULL DEFAULT 'active',
    "reason" TEXT,
    "step_id" TEXT,
    "step_due_at" TIMESTAMPTZ(3),
    "ready_at" TIMESTAMPTZ(3) NOT NULL,
    "overdue_skip_before" TIMESTAMPTZ(3),
    "due_at" TIMESTAMPTZ(3),
    "lease_token" UUID,
    "attempt" INTEGER NOT NULL DEFAULT 0,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "enrollments_pkey" PRIMARY KEY ("workspace_id","id")
);

-- CreateTable
CREATE TABLE "decisions" (
    "workspace_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "profile_id" UUID NOT NULL,
    "automation_id" UUID,
    "enrollment_id" UUID,
    "send_id" UUID,
    "step_id" TEXT,
    "kind" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "details" JSONB NOT NULL DEFAULT '{}',

    CONSTRAINT "decisions_pkey" PRIMARY KEY ("workspace_id","id")
) PARTITION BY RANGE ("id");

-- CreateTable
CREATE TABLE "heartbeats" (
    "process" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "beat_at" TIMESTAMPTZ(3) NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "heartbeats_pkey" PRIMARY KEY ("process")
);

-- CreateTable
CREATE TABLE "connections" (
    "workspace_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "provider" TEXT NOT NULL,
    "display_name" TEXT NOT NULL,
    "from_email" TEXT,
    "from_name" TEXT,
    "reply_to_email" TEXT,
    "message_stream" TEXT,
    "allow_transactional" BOOLEAN NOT NULL DEFAULT false,
    "sealed_credentials" BYTEA NOT NULL,
    "credentials_last4" TEXT NOT NULL,
    "sealed_webhook_secret" BYTEA NOT NULL,
    "sealed_previous_webhook_secret" BYTEA,
    "previous_secret_until" TIMESTAMPTZ(3),
    "status" TEXT NOT NULL DEFAULT 'unvalidated',
    "server_id" TEXT,
    "server_name" TEXT,
    "streams" JSONB NOT NULL DEFAULT '[]',
    "last_validated_at" TIMESTAMPTZ(3),
    "last_error" TEXT,
    "failing_since" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,
    "deleted_at" TIMESTAMPTZ(3),

    CONSTRAINT "connections_pkey" PRIMARY KEY ("workspace_id","id")
);

-- CreateTable
CREATE TABLE "webhook_events" (
    "workspace_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "connection_id" UUID NOT NULL,
    "record_type" TEXT NOT NULL,
    "body" TEXT NOT NULL,

    CONSTRAINT "webhook_events_pkey" PRIMARY KEY ("workspace_id","id")
) PARTITION BY RANGE ("id");

-- CreateTable
CREATE TABLE "events" (
    "workspace_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "profile_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "properties" JSONB NOT NULL DEFAULT '{}',
    "context" JSONB,
    "source" TEXT NOT NULL,
    "occurred_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "events_pkey" PRIMARY KEY ("workspace_id","id")
) PARTITION BY RANGE ("id");

-- CreateTable
CREATE TABLE "messages" (
    "workspace_id" UUID NOT NULL,
    "message_id" TEXT NOT NULL,
    "received_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "messages_pkey" PRIMARY KEY ("workspace_id","message_id")
);

-- CreateTable
CREATE TABLE "profiles" (
    "workspace_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "traits" JSONB NOT NULL DEFAULT '{}',
    "merged_into_id" UUID,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "profiles_pkey" PRIMARY KEY ("workspace_id","id")
);

-- CreateTable
CREATE TABLE "identifiers" (
    "workspace_id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "value" TEXT NOT NULL,
    "profile_id" UUID NOT NULL,
    "event_id" UUID,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "identifiers_pkey" PRIMARY KEY ("workspace_id","kind","value")
);

-- CreateTable
CREATE TABLE "sends" (
    "workspace_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "kind" TEXT NOT NULL DEFAULT 'automation',
    "connection_id" UUID NOT NULL,
    "message_stream" TEXT NOT NULL,
    "automation_id" UUID,
    "version_id" UUID,
    "enrollment_id" UUID,
    "step_id" TEXT,
    "profile_id" UUID,
    "to_email" TEXT,
    "from_email" TEXT,
    "subject" TEXT,
    "status" TEXT NOT NULL DEFAULT 'queued',
    "reason" TEXT,
    "detail" TEXT,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "scheduled_at" TIMESTAMPTZ(3) NOT NULL,
    "due_at" TIMESTAMPTZ(3),
    "lease_token" UUID,
    "batch_id" UUID,
    "provider_message_id" TEXT,
    "unknown_since" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "sent_at" TIMESTAMPTZ(3),
    "delivered_at" TIMESTAMPTZ(3),
    "bounced_at" TIMESTAMPTZ(3),
    "complained_at" TIMESTAMPTZ(3),
    "opened_at" TIMESTAMPTZ(3),
    "clicked_at" TIMESTAMPTZ(3),
    "opens" INTEGER NOT NULL DEFAULT 0,
    "clicks" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "sends_pkey" PRIMARY KEY ("workspace_id","id")
);

-- CreateTable
CREATE TABLE "send_attempts" (
    "workspace_id" UUID NOT NULL,
    "send_id" UUID NOT NULL,
    "number" INTEGER NOT NULL,
    "batch_id" UUID NOT NULL,
    "connection_id" UUID NOT NULL,
    "message_stream" TEXT NOT NULL,
    "server_id" TEXT,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "send_by" TIMESTAMPTZ(3) NOT NULL,
    "outcome" TEXT,
    "code" INTEGER,
    "detail" TEXT,
    "absent_seen" INTEGER NOT NULL DEFAULT 0,
    "checked_at" TIMESTAMPTZ(3),

    CONSTRAINT "send_attempts_pkey" PRIMARY KEY ("workspace_id","send_id","number")
);

-- CreateTable
CREATE TABLE "send_lanes" (
    "workspace_id" UUID NOT NULL,
    "connection_id" UUID NOT NULL,
    "message_stream" TEXT NOT NULL,
    "not_before" TIMESTAMPTZ(3),
    "failures" INTEGER NOT NULL DEFAULT 0,
    "probe_batch_id" UUID,
    "probe_server_id" TEXT,
    "probe_sent_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "send_lanes_pkey" PRIMARY KEY ("workspace_id","connection_id","message_stream")
);

-- CreateTable
CREATE TABLE "engagement_events" (
    "workspace_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "send_id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "occurred_at" TIMESTAMPTZ(3) NOT NULL,
    "data" JSONB NOT NULL DEFAULT '{}',

    CONSTRAINT "engagement_events_pkey" PRIMARY KEY ("workspace_id","id")
) PARTITION BY RANGE ("id");

-- CreateTable
CREATE TABLE "news_receipts" (
    "workspace_id" UUID NOT NULL,
    "connection_id" UUID NOT NULL,
    "news_key" TEXT NOT NULL,
    "received_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "news_receipts_pkey" PRIMARY KEY ("workspace_id","connection_id","news_key")
);

-- CreateTable
CREATE TABLE "pending_news" (
    "workspace_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "connection_id" UUID NOT NULL,
    "provider_message_id" TEXT NOT NULL,
    "news" JSONB NOT NULL,
    "sweeps" INTEGER NOT NULL DEFAULT 0,
    "due_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "pending_news_pkey" PRIMARY KEY ("workspace_id","id")
);

-- CreateTable
CREATE TABLE "suppressions" (
    "workspace_id" UUID NOT NULL,
    "email" TEXT NOT NULL,
    "scope" TEXT NOT NULL,
    "connection_id" UUID NOT NULL,
    "stream" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "origin" TEXT NOT NULL,
    "active" BOOLEAN NOT NULL DEFAULT true,
    "changed_at" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "suppressions_pkey" PRIMARY KEY ("workspace_id","email","scope","connection_id","stream","reason")
);

-- CreateTable
CREATE TABLE "rate_buckets" (
    "workspace_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "tokens" DOUBLE PRECISION NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "rate_buckets_pkey" PRIMARY KEY ("workspace_id","name")
);

-- CreateTable
CREATE TABLE "idempotency_keys" (
    "workspace_id" UUID NOT NULL,
    "scope" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "body_hash" TEXT NOT NULL,
    "status" INTEGER,
    "answer" BYTEA,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "idempotency_keys_pkey" PRIMARY KEY ("workspace_id","scope","key")
);

-- CreateTable
CREATE TABLE "workspaces" (
    "id" UUID NOT NULL,
    "slug" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "timezone" TEXT,
    "version" INTEGER NOT NULL DEFAULT 1,
    "sending_stopped_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "workspaces_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "users" (
    "id" UUID NOT NULL,
    "email" TEXT NOT NULL,
    "name" TEXT,
    "password_hash" TEXT NOT NULL,
    "sessions_valid_after" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "users_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "memberships" (
    "workspace_id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "role" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "memberships_pkey" PRIMARY KEY ("workspace_id","user_id")
);

-- CreateTable
CREATE TABLE "invitations" (
    "workspace_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "token_hash" TEXT NOT NULL,
    "role" TEXT NOT NULL,
    "email" TEXT,
    "created_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "accepted_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "invitations_pkey" PRIMARY KEY ("workspace_id","id")
);

-- CreateTable
CREATE TABLE "password_resets" (
    "token_hash" TEXT NOT NULL,
    "user_id" UUID NOT NULL,
    "created_by" TEXT NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "used_at" TIMESTAMPTZ(3),

    CONSTRAINT "password_resets_pkey" PRIMARY KEY ("token_hash")
);

-- CreateTable
CREATE TABLE "throttles" (
    "key" TEXT NOT NULL,
    "failures" INTEGER NOT NULL,
    "reset_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "throttles_pkey" PRIMARY KEY ("key")
);

-- CreateTable
CREATE TABLE "api_keys" (
    "workspace_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "key_hash" TEXT NOT NULL,
    "prefix" TEXT NOT NULL,
    "last4" TEXT NOT NULL,
    "scopes" TEXT[],
    "created_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "last_used_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "api_keys_pkey" PRIMARY KEY ("workspace_id","id")
);

-- CreateTable
CREATE TABLE "audit_entries" (
    "workspace_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "actor_kind" TEXT NOT NULL,
    "actor_id" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "subject" TEXT,
    "data" JSONB NOT NULL DEFAULT '{}',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "audit_entries_pkey" PRIMARY KEY ("workspace_id","id")
);

-- CreateIndex
CREATE UNIQUE INDEX "automation_versions_workspace_id_automation_id_number_key" ON "automation_versions"("workspace_id", "automation_id", "number");

-- CreateIndex
CREATE INDEX "enrollments_workspace_id_profile_id_idx" ON "enrollments"("workspace_id", "profile_id");

-- CreateIndex
CREATE INDEX "enrollments_workspace_id_automation_id_status_id_idx" ON "enrollments"("workspace_id", "automation_id", "status", "id");

-- CreateIndex
CREATE INDEX "enrollments_due" ON "enrollments"("workspace_id", "due_at", "id");

-- CreateIndex
CREATE UNIQUE INDEX "enrollments_workspace_id_automation_id_profile_id_entry_key_key" ON "enrollments"("workspace_id", "automation_id", "profile_id", "entry_key");

-- CreateIndex
CREATE INDEX "decisions_workspace_id_profile_id_id_idx" ON "decisions"("workspace_id", "profile_id", "id");

-- CreateIndex
CREATE INDEX "decisions_workspace_id_enrollment_id_id_idx" ON "decisions"("workspace_id", "enrollment_id", "id");

-- CreateIndex
CREATE INDEX "webhook_events_workspace_id_connection_id_record_type_id_idx" ON "webhook_events"("workspace_id", "connection_id", "record_type", "id");

-- CreateIndex
CREATE INDEX "events_workspace_id_profile_id_occurred_at_idx" ON "events"("workspace_id", "profile_id", "occurred_at");

-- CreateIndex
CREATE INDEX "events_workspace_id_name_occurred_at_idx" ON "events"("workspace_id", "name", "occurred_at");

-- CreateIndex
CREATE INDEX "messages_received_at_idx" ON "messages" USING BRIN ("received_at");

-- CreateIndex
CREATE INDEX "profiles_traits" ON "profiles" USING GIN ("traits" jsonb_path_ops);

-- CreateIndex
CREATE INDEX "profiles_workspace_id_merged_into_id_idx" ON "profiles"("workspace_id", "merged_into_id");

-- CreateIndex
CREATE INDEX "identifiers_workspace_id_profile_id_idx" ON "identifiers"("workspace_id", "profile_id");

-- CreateIndex
CREATE INDEX "sends_due" ON "sends"("workspace_id", "connection_id", "message_stream", "status", "due_at", "id");

-- CreateIndex
CREATE INDEX "sends_accepted" ON "sends"("workspace_id", "connection_id", "message_stream", "sent_at");

-- CreateIndex
CREATE INDEX "sends_workspace_id_status_id_idx" ON "sends"("workspace_id", "status", "id");

-- CreateIndex
CREATE INDEX "sends_workspace_id_automation_id_id_idx" ON "sends"("workspace_id", "automation_id", "id");

-- CreateIndex
CREATE INDEX "sends_workspace_id_profile_id_id_idx" ON "sends"("workspace_id", "profile_id", "id");

-- CreateIndex
CREATE INDEX "sends_workspace_id_to_email_id_idx" ON "sends"("workspace_id", "to_email", "id");

-- CreateIndex
CREATE INDEX "sends_workspace_id_provider_message_id_idx" ON "sends"("workspace_id", "provider_message_id");

-- CreateIndex
CREATE UNIQUE INDEX "sends_workspace_id_enrollment_id_step_id_key" ON "sends"("workspace_id", "enrollment_id", "step_id");

-- CreateIndex
CREATE INDEX "send_attempts_workspace_id_batch_id_idx" ON "send_attempts"("workspace_id", "batch_id");

-- CreateIndex
CREATE INDEX "engagement_events_workspace_id_send_id_occurred_at_idx" ON "engagement_events"("workspace_id", "send_id", "occurred_at");

-- CreateIndex
CREATE INDEX "news_receipts_received_at_idx" ON "news_receipts" USING BRIN ("received_at");

-- CreateIndex
CREATE INDEX "pending_news_workspace_id_connection_id_provider_message_id_idx" ON "pending_news"("workspace_id", "connection_id", "provider_message_id");

-- CreateIndex
CREATE INDEX "pending_news_workspace_id_due_at_idx" ON "pending_news"("workspace_id", "due_at");

-- CreateIndex
CREATE INDEX "suppressions_workspace_id_active_created_at_email_idx" ON "suppressions"("workspace_id", "active", "created_at", "email");

-- CreateIndex
CREATE INDEX "idempotency_keys_created_at_idx" ON "idempotency_keys"("created_at");

-- CreateIndex
CREATE UNIQUE INDEX "workspaces_slug_key" ON "workspaces"("slug");

-- CreateIndex
CREATE UNIQUE INDEX "users_email_key" ON "users"("email");

-- CreateIndex
CREATE INDEX "memberships_user_id_idx" ON "memberships"("user_id");

-- CreateIndex
CREATE UNIQUE INDEX "invitations_token_hash_key" ON "invitations"("token_hash");

-- CreateIndex
CREATE INDEX "throttles_reset_at_idx" ON "throttles"("reset_at");

-- CreateIndex
CREATE UNIQUE INDEX "api_keys_key_hash_key" ON "api_keys"("key_hash");

-- AddForeignKey
ALTER TABLE "automations" ADD CONSTRAINT "automations_workspace_id_fkey" FOREIGN KEY ("workspace_id") REFERENCES "workspaces"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "automations" ADD CONSTRAINT "automations_workspace_id_live_version_id_fkey" FOREIGN KEY ("workspace_id", "live_version_id") REFERENCES "automation_versions"("workspace_id", "id") ON DELETE NO ACTION ON UPDATE NO ACTION;

-- AddForeignKey
ALTER TABLE "automation_versions" ADD CONSTRAINT "automation_versions_workspace_id_automation_id_fkey" FOREIGN KEY ("workspace_id", "automation_id") REFERENCES "automations"("workspace_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "enrollments" ADD CONSTRAINT "enrollments_workspace_id_automation_id_fkey" FOREIGN KEY ("workspace_id", "automation_id") REFERENCES "automations"("workspace_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "enrollments" ADD CONSTRAINT "enrollments_workspace_id_version_id_fkey" FOREIGN KEY ("workspace_id", "version_id") REFERENCES "automation_versions"("workspace_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "enrollments" ADD CONSTRAINT "enrollments_workspace_id_profile_id_fkey" FOREIGN KEY ("workspace_id", "profile_id") REFERENCES "profiles"("workspace_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "connections" ADD CONSTRAINT "connections_workspace_id_fkey" FOREIGN KEY ("workspace_id") REFERENCES "workspaces"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "profiles" ADD CONSTRAINT "profiles_workspace_id_fkey" FOREIGN KEY ("workspace_id") REFERENCES "workspaces"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "profiles" ADD CONSTRAINT "profiles_workspace_id_merged_into_id_fkey" FOREIGN KEY ("workspace_id", "merged_into_id") REFERENCES "profiles"("workspace_id", "id") ON DELETE NO ACTION ON UPDATE NO ACTION;

-- AddForeignKey
ALTER TABLE "identifiers" ADD CONSTRAINT "identifiers_workspace_id_profile_id_fkey" FOREIGN KEY ("workspace_id", "profile_id") REFERENCES "profiles"("workspace_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "sends" ADD CONSTRAINT "sends_workspace_id_connection_id_fkey" FOREIGN KEY ("workspace_id", "connection_id") REFERENCES "connections"("workspace_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "sends" ADD CONSTRAINT "sends_workspace_id_enrollment_id_fkey" FOREIGN KEY ("workspace_id", "enrollment_id") REFERENCES "enrollments"("workspace_id", "id") ON DELETE NO ACTION ON UPDATE NO ACTION;

-- AddForeignKey
ALTER TABLE "sends" ADD CONSTRAINT "sends_workspace_id_profile_id_fkey" FOREIGN KEY ("workspace_id", "profile_id") REFERENCES "profiles"("workspace_id", "id") ON DELETE NO ACTION ON UPDATE NO ACTION;

-- AddForeignKey
ALTER TABLE "suppressions" ADD CONSTRAINT "suppressions_workspace_id_fkey" FOREIGN KEY ("workspace_id") REFERENCES "workspaces"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "memberships" ADD CONSTRAINT "memberships_workspace_id_fkey" FOREIGN KEY ("workspace_id") REFERENCES "workspaces"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "memberships" ADD CONSTRAINT "memberships_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "invitations" ADD CONSTRAINT "invitations_workspace_id_fkey" FOREIGN KEY ("workspace_id") REFERENCES "workspaces"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "password_resets" ADD CONSTRAINT "password_resets_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_workspace_id_fkey" FOREIGN KEY ("workspace_id") REFERENCES "workspaces"("id") ON DELETE CASCADE ON UPDATE CASCADE;


