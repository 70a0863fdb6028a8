import { defineConfig } from "prisma/config";

// The CLI is only needed to make the client and to write migrations; `npm run db:migrate` applies them without it.
process.env.PRISMA_SCHEMA_ENGINE_BINARY ??= process.execPath;

export default defineConfig({
  schema: "prisma/schema",
  migrations: { path: "prisma/migrations" },
  datasource: { url: process.env.DATABASE_URL ?? "postgresql://localhost:5432/gflux" },
});
