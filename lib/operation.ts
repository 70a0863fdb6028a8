import type { z } from "zod";
import type { Actor, Permission } from "./actor";

/** One thing a caller can do, said once: REST, OpenAPI, server actions and the command line are all read off this. */
export type Operation<I extends z.ZodType = z.ZodType, O extends z.ZodType = z.ZodType> = {
  id: string;
  /** One sentence for the reference. */
  summary: string;
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** `{name}` marks a path parameter; parameters, query and body make one input object. `{project_id}` must be the key's own workspace. */
  path: `/v1/${string}`;
  status: 200 | 201 | 202 | 204;
  /** Where one operation answers differently by outcome (a test send without an answer: 202). */
  statusOf?: (output: z.output<O>) => number;
  permission: Permission;
  input: I;
  output: O;
  run: (actor: Actor, input: z.output<I>) => Promise<z.output<O>>;
  /** Only for the browser (members, profile of the signed-in user): no route, not in OpenAPI. */
  internal?: true;
  /** Calls someone outside, so it is not run inside the transaction that keeps its idempotent answer. */
  callsOut?: true;
};

export const operation = <I extends z.ZodType, O extends z.ZodType>(op: Operation<I, O>): Operation<I, O> => op;
