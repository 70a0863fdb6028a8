import "server-only";
import { notFound } from "next/navigation";
import { AppError } from "../errors";

/** For pages: what a use case does not find, for whatever reason, is Next's 404. */
export async function orNotFound<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (thrown) {
    if (thrown instanceof AppError && thrown.code === "not_found") notFound();
    throw thrown;
  }
}

/** For parts of a page that may be gone (the automation of an old send): null for what a use case does not find. */
export async function orNull<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (thrown) {
    if (thrown instanceof AppError && thrown.code === "not_found") return null;
    throw thrown;
  }
}
