import { countedMax } from "@/lib/automations/schema";

/** A number of people; beyond what is counted, that there are more. */
export const countWords = (count: number): string =>
  count >= countedMax ? `${countedMax.toLocaleString("en")}+` : count.toLocaleString("en");
