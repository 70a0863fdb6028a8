import "server-only";
import { db } from "../../db";

/** The database refuses, while `work` goes on, to write rows of `table` of which `when` (SQL about `new`) is true. */
export async function refusing<T>(
  { table, when }: { table: "enrollments" | "sends" | "suppressions"; when: string },
  work: () => Promise<T>,
): Promise<T> {
  await db.sql(`create function refuse_row() returns trigger language plpgsql as $$
    begin raise exception 'refused by the test' using errcode = 'check_violation'; end $$`);
  await db.sql(
    `create trigger refuse_row before insert or update on ${table} for each row when (${when}) execute function refuse_row()`,
  );
  try {
    return await work();
  } finally {
    await db.sql("drop function refuse_row cascade");
  }
}
