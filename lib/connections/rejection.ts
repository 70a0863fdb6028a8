/** The reasons with which `provider_rejected` answers. */
export const rejectionCodes = [
  "bad_credentials",
  "from_not_verified",
  "recipient_inactive",
  "stream_unknown",
  "account_pending",
  "unreachable",
  "rate_limited",
  "rejected",
] as const;
export type Rejection = { code: (typeof rejectionCodes)[number]; message: string; hint: string };
