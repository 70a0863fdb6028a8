/** Every way a caller can be told "no". One row per code: adding a code without a status is a type error. */
export const errorCodes = {
  validation_error: { status: 400, title: "The request is not valid." },
  unauthenticated: { status: 401, title: "Sign in, or send an API key." },
  forbidden: { status: 403, title: "You may not do this." },
  wrong_key_type: { status: 403, title: "This needs a secret key." },
  insufficient_scope: { status: 403, title: "This key was not given the scope for this." },
  not_found: { status: 404, title: "Not found." },
  timeout: { status: 408, title: "The request took too long to arrive." },
  conflict: { status: 409, title: "That clashes with something that exists." },
  alias_conflict: { status: 409, title: "The identifiers belong to two different profiles." },
  erasure_in_progress: { status: 409, title: "This profile is being erased." },
  idempotency_conflict: { status: 409, title: "This idempotency key was used with another body." },
  payload_too_large: { status: 413, title: "The body is too large." },
  provider_rejected: { status: 422, title: "The email provider refused." },
  rate_limited: { status: 429, title: "Too many requests. Try again later." },
  server_error: { status: 500, title: "Something went wrong on our side. Try again." },
  unavailable: { status: 503, title: "We cannot do this right now. Try again." },
} as const satisfies Record<string, { status: number; title: string }>;

export type ErrorCode = keyof typeof errorCodes;

/** What an answer may carry beside `error`, `detail` and `request_id`. */
export type ErrorExtras = {
  /** `validation_error`: dotted path → sentences. */
  fields?: Record<string, string[]>;
  /** `wrong_key_type`: the kind of key that was sent. */
  received?: string;
  /** `provider_rejected`: a code of API.md §4, the provider's words, and what to do. */
  provider?: { code: string; message: string; hint: string };
  profiles?: string[];
};

type Details = ErrorExtras & { retryAfterSeconds?: number; note?: string; cause?: unknown };

/**
 * A caller's mistake, or our own trouble. `message` is shown to the caller; `note` and `cause` go to the log and never
 * leave the building. Every other thrown value becomes `server_error`.
 */
export class AppError extends Error {
  readonly extras: ErrorExtras;
  readonly retryAfterSeconds: number | undefined;
  readonly note: string | undefined;

  constructor(
    readonly code: ErrorCode,
    message: string = errorCodes[code].title,
    { note, cause, retryAfterSeconds, ...extras }: Details = {},
  ) {
    super(message, { cause });
    this.name = "AppError";
    this.extras = extras;
    this.note = note;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

export type PublicError = { error: Exclude<ErrorCode, "unavailable">; detail: string } & ErrorExtras;

/** What a server action gives back: failures are values, because Next hides what is thrown. */
export type ActionResult<T> = { ok: true; value: T } | { ok: false; error: PublicError };

/** What the outside world may see of any thrown value: the only place that decides. 503 carries the code `server_error`, as 500 does. */
export function toPublicError(thrown: unknown): PublicError {
  if (!(thrown instanceof AppError)) return { error: "server_error", detail: errorCodes.server_error.title };
  const error = thrown.code === "unavailable" ? "server_error" : thrown.code;
  // A caller may walk over the fields without asking whether there are any: what is wrong with a body as a whole names none.
  const fields = error === "validation_error" ? { fields: {} } : {};
  return { error, detail: thrown.message, ...fields, ...thrown.extras };
}

/** The HTTP status of any thrown value. */
export const statusOf = (thrown: unknown): number =>
  errorCodes[thrown instanceof AppError ? thrown.code : "server_error"].status;

/** A `validation_error` about one field. */
export const invalidField = (path: string, sentence: string): AppError =>
  new AppError("validation_error", sentence, { fields: { [path]: [sentence] } });
