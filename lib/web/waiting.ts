import "server-only";
import { cache } from "react";
import { waitingSends as countWaitingSends } from "../sends";

/** How many sends wait, counted once per request: the sidebar says it on every page, and the send log once more. */
export const waitingSends = cache(countWaitingSends);
