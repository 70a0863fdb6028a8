import { postEvent, preflight } from "@/lib/web/ingest";

export const POST = postEvent;
export const OPTIONS = preflight;
