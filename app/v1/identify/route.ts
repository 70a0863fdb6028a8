import { postIdentify, preflight } from "@/lib/web/ingest";

export const POST = postIdentify;
export const OPTIONS = preflight;
