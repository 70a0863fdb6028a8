import { afterEach, beforeEach, expect, vi } from "vitest";

/** An unexpected console.error or console.warn fails the test; a test that expects one spies on it itself and restores. */
const seen: string[] = [];

beforeEach(() => {
  seen.length = 0;
  for (const level of ["error", "warn"] as const)
    vi.spyOn(console, level).mockImplementation((...words: unknown[]) => {
      seen.push(`console.${level}: ${words.map(String).join(" ")}`);
    });
});

afterEach(() => {
  vi.restoreAllMocks();
  expect(seen, "unexpected console output").toEqual([]);
});
