import { describe, expect, test } from "vitest";
import { eventWords, reasonWords } from "./event-words";

const words = (type: string, data: Record<string, unknown> = {}) => {
  const { title, tone, said, quoted } = eventWords({ type, data });
  return { title, tone, said, quoted };
};

describe("a line of a send's history", () => {
  test("tells a bounce in the provider's words and quotes the recipient's server", () => {
    const data = { type: "HardBounce", name: "Hard bounce", description: "Unknown user.", details: "smtp;550 5.1.1" };
    expect(words("bounced", data)).toEqual({
      title: "Bounced",
      tone: "bad",
      said: "Hard bounce: Unknown user.",
      quoted: "smtp;550 5.1.1",
    });
  });

  test("names the link of a click and where an email was read", () => {
    expect(words("clicked", { link: "https://example.com/a", client: "Chrome", os: "Windows" })).toMatchObject({
      said: "Chrome · Windows",
      quoted: "https://example.com/a",
    });
    expect(words("opened", { geo: "Berlin, Germany" }).said).toBe("Berlin, Germany");
  });

  test("says why an email was skipped, held or refused", () => {
    expect(words("skipped", { reason: "suppressed" }).said).toBe("The address is suppressed.");
    expect(words("held", { reason: "late" }).said).toMatch(/24 hours late/);
    expect(words("held", { reason: "paused" }).said).toBe("The automation is paused.");
    expect(words("skipped", { reason: "paused" }).said).toMatch(/^The automation was paused, and queued emails/);
    expect(words("failed", { reason: "refused", detail: "Inactive recipient" })).toMatchObject({
      said: "The provider refused this email.",
      quoted: "Inactive recipient",
    });
  });

  test("keeps the provider's account of a failure that it reported itself", () => {
    const data = { name: "SMTP API error", description: "The API call failed.", details: "452 too busy" };
    expect(words("failed", data)).toMatchObject({
      said: "SMTP API error: The API call failed.",
      quoted: "452 too busy",
    });
  });

  test("tells an attempt without an answer from one that surely sent nothing", () => {
    expect(words("attempt", { number: 1 }).said).toBe("No answer is known yet.");
    expect(words("attempt", { number: 2, outcome: "not_sent", detail: "timeout" })).toEqual({
      title: "Handed to the provider, attempt 2",
      tone: "info",
      said: "The call did not get through, so nothing was sent.",
      quoted: "timeout",
    });
    expect(words("attempt", { number: 1, outcome: "refused", code: 300 }).said).toBe(
      "It refused the email (code 300).",
    );
  });

  test("says which person decided", () => {
    expect(words("marked_sent", { by: "Ana", reason: "marked_sent", detail: "Marked as sent by Ana on…" })).toEqual({
      title: "Marked as sent",
      tone: "info",
      said: "By Ana. Whether the provider took it was not known; a person marked it as sent.",
      quoted: null,
    });
    expect(words("skipped", { by: "Ana", reason: "skipped_by_person", detail: "Skipped by Ana on…" })).toMatchObject({
      said: "By Ana. A person decided that the email is not sent.",
      quoted: null,
    });
    expect(words("marked_sent", { reason: "marked_sent", detail: "Marked as sent by Ana." }).said).toBe(
      "Marked as sent by Ana.",
    );
  });

  test("says who unsubscribed, and where", () => {
    expect(words("unsubscribed", { origin: "Recipient", stream: "news" }).said).toBe(
      "By the recipient, on the stream news.",
    );
    expect(words("unsubscribed").said).toBeNull();
  });

  test("shows a kind that is new to us by its name, whatever its data", () => {
    expect(words("read_aloud", { details: 7 })).toEqual({
      title: "Read aloud",
      tone: "neutral",
      said: null,
      quoted: null,
    });
    expect(words("constructor").title).toBe("Constructor");
  });
});

test("a reason that the engine does not know is spelled out", () => {
  expect(reasonWords("goal_reached")).toBe("Goal reached.");
});
