-- What an automation was at a moment is read from the audit log: by what was done, to what, newest first. Entries that name nothing (all
-- sending was stopped) stand under the empty text.
CREATE INDEX "audit_entries_done_to" ON "audit_entries" ("workspace_id", "action", (coalesce("data"->>'id', '')), "id");
