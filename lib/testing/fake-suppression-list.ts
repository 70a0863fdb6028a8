import "server-only";
import type {
  ListAnswer,
  ListedChange,
  ListedSuppression,
  SuppressionDump,
  SuppressionList,
} from "../connections/connector";

/** A list in memory that holds what a test puts on it, refuses to let go of complaints and unsubscribes, and fails when told to. */
export class FakeSuppressionList implements SuppressionList {
  readonly addressesMax = 50;
  /** By stream, then by address. */
  readonly lists = new Map<string, Map<string, ListedSuppression>>();
  readonly calls: { call: "dump" | "add" | "remove" | "reactivate"; stream: string; emails: readonly string[] }[] = [];
  /** While set, every call fails with it. */
  failure: string | undefined;

  listOf(stream: string): Map<string, ListedSuppression> {
    const list = this.lists.get(stream) ?? new Map<string, ListedSuppression>();
    this.lists.set(stream, list);
    return list;
  }

  async dump(stream: string): Promise<SuppressionDump> {
    this.calls.push({ call: "dump", stream, emails: [] });
    if (this.failure !== undefined) return { kind: "cannot_know", cause: this.failure };
    return { kind: "listed", entries: [...this.listOf(stream).values()] };
  }

  async add(stream: string, emails: readonly string[]): Promise<ListAnswer> {
    return this.each("add", stream, emails, (email) => {
      const kept = this.listOf(stream).get(email);
      this.listOf(stream).set(email, kept ?? { email, reason: "manual", origin: "customer", createdAt: new Date() });
      return { email, kind: "done" };
    });
  }

  async remove(stream: string, emails: readonly string[]): Promise<ListAnswer> {
    return this.each("remove", stream, emails, (email) => {
      const held = this.listOf(stream).get(email);
      if (held?.reason === "spam_complaint" || held?.reason === "unsubscribe")
        return { email, kind: "refused", message: "You do not have the required authority." };
      this.listOf(stream).delete(email);
      return { email, kind: "done" };
    });
  }

  async reactivate(stream: string, email: string): Promise<ListAnswer> {
    return this.each("reactivate", stream, [email], () => ({ email, kind: "refused", message: "There is no bounce." }));
  }

  private each(
    call: "add" | "remove" | "reactivate",
    stream: string,
    emails: readonly string[],
    act: (email: string) => ListedChange,
  ): ListAnswer {
    this.calls.push({ call, stream, emails });
    if (this.failure !== undefined) return { kind: "cannot_know", cause: this.failure };
    return { kind: "answered", changes: emails.map(act) };
  }
}
