-- Where an SMTP connection leads, and the user name as it may be shown; user name and password themselves are sealed together. Such a
-- connection's server_id is "smtp:host:port", so that claims and attempts know which way they went (see lib/connections/smtp/place.ts).
ALTER TABLE "connections"
  ADD COLUMN "smtp_host" TEXT,
  ADD COLUMN "smtp_port" INTEGER,
  ADD COLUMN "smtp_secure" TEXT,
  ADD COLUMN "smtp_username" TEXT;
