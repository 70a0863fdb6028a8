import { Banner } from "@/components/ui/banner";
import type { ConnectionCheck } from "@/lib/connections/schema";
import type { ActionResult } from "@/lib/errors";

/** What Validate found, in a sentence of its own for each case. */
export function CheckResult({ result }: { result: ActionResult<ConnectionCheck> }) {
  if (result.ok)
    return (
      <Banner tone="good" live>
        {result.value.message}
      </Banner>
    );
  const { provider, detail } = result.error;
  return (
    <Banner tone={provider?.code === "unreachable" ? "warn" : "bad"} live title={provider?.message ?? detail}>
      {provider?.hint}
    </Banner>
  );
}
