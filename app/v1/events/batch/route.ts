import { postEvents, preflight } from "@/lib/web/ingest";

export const POST = postEvents;
export const OPTIONS = preflight;
