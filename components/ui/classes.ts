import { type ClassValue, clsx } from "clsx";
import { twMerge } from "tailwind-merge";

/** Joins class names; of two that contradict each other the later wins: `classes("p-2", wide && "p-4")`. */
export const classes = (...values: ClassValue[]): string => twMerge(clsx(values));
