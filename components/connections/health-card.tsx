import { Card } from "@/components/ui/card";
import { DescriptionList } from "@/components/ui/description-list";
import { Table, TableBody, TableHead, Td, Th, Tr } from "@/components/ui/table";
import { FilterLinks } from "@/components/ui/tabs";
import { type ConnectionHealth, healthWindows } from "@/lib/connections/schema";
import { bucketWords, errorWords, msWords, percentWords, shareOf } from "./health-words";

const windowWords: Record<ConnectionHealth["window"], string> = { "24h": "24 hours", "7d": "7 days", "30d": "30 days" };

/** How a connection did over a while: what was taken, what was not and why, how long calls took, what became of the mail. */
export function HealthCard({ health, path }: { health: ConnectionHealth; path: string }) {
  const { totals, window } = health;
  return (
    <Card
      title="Health"
      actions={
        <FilterLinks
          label="Time"
          items={healthWindows.map((one) => ({
            href: `${path}?health=${one}`,
            label: windowWords[one],
            active: one === window,
          }))}
        />
      }
    >
      {totals.calls === 0 && totals.sent === 0 ? (
        <p className="text-muted text-sm">
          Nothing was sent in this time. Send a test, or publish an automation that uses this connection.
        </p>
      ) : (
        <div className="space-y-4">
          <DescriptionList
            items={[
              { term: "Accepted", value: percentWords(health.acceptance_rate) },
              { term: "Sent", value: totals.sent.toLocaleString("en") },
              { term: "Bounced", value: percentWords(shareOf(totals.bounced, totals.sent)) },
              { term: "Complaints", value: percentWords(shareOf(totals.complained, totals.sent)) },
              {
                term: "Answer time",
                value: `${msWords(totals.latency_ms_avg)} on average, ${msWords(totals.latency_ms_max)} at most`,
              },
            ]}
          />
          <Bars health={health} />
          <Errors errors={health.errors} />
        </div>
      )}
    </Card>
  );
}

const [width, height, gap] = [600, 96, 2];

/** Sent, with the bounced and complained part of it in red from below. The table beneath says the same. */
function Bars({ health: { buckets, bucket } }: { health: ConnectionHealth }) {
  const most = Math.max(1, ...buckets.map(({ sent, bounced, complained }) => Math.max(sent, bounced + complained)));
  const step = width / buckets.length;
  const high = (count: number) => (count === 0 ? 0 : Math.max(2, (count / most) * height));
  return (
    <figure className="space-y-2">
      <svg viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" className="h-24 w-full" aria-hidden>
        {buckets.map(({ at, sent, bounced, complained }, index) => (
          <g key={at}>
            <title>{`${bucketWords(at, bucket)}: ${sent} sent, ${bounced} bounced, ${complained} complaints`}</title>
            <rect x={index * step} y={0} width={step - gap} height={height} className="fill-sunken" />
            <rect
              x={index * step}
              y={height - high(sent)}
              width={step - gap}
              height={high(sent)}
              className="fill-accent"
            />
            <rect
              x={index * step}
              y={height - high(bounced + complained)}
              width={step - gap}
              height={high(bounced + complained)}
              className="fill-bad"
            />
          </g>
        ))}
      </svg>
      <figcaption className="flex flex-wrap justify-between gap-2 text-muted text-xs">
        <span>{bucketWords(buckets[0]?.at ?? "", bucket)}</span>
        <span>Sent, and in red what bounced or was reported as spam, by {bucket} (UTC)</span>
        <span>Now</span>
      </figcaption>
      <details className="text-sm">
        <summary className="text-muted">As a table</summary>
        <Table label={`Sends by ${bucket}`}>
          <TableHead>
            <Th>{bucket === "hour" ? "Hour" : "Day"} (UTC)</Th>
            <Th numeric>Sent</Th>
            <Th numeric>Delivered</Th>
            <Th numeric>Bounced</Th>
            <Th numeric>Complaints</Th>
            <Th numeric hide="sm">
              Answer time
            </Th>
          </TableHead>
          <TableBody>
            {buckets.toReversed().map((row) => (
              <Tr key={row.at}>
                <Td>{bucketWords(row.at, bucket)}</Td>
                <Td numeric>{row.sent}</Td>
                <Td numeric>{row.delivered}</Td>
                <Td numeric>{row.bounced}</Td>
                <Td numeric>{row.complained}</Td>
                <Td numeric hide="sm">
                  {msWords(row.latency_ms_avg)}
                </Td>
              </Tr>
            ))}
          </TableBody>
        </Table>
      </details>
    </figure>
  );
}

function Errors({ errors }: Pick<ConnectionHealth, "errors">) {
  if (errors.length === 0) return <p className="text-muted text-sm">No errors in this time.</p>;
  return (
    <Table label="Errors">
      <TableHead>
        <Th>What was not accepted</Th>
        <Th numeric>Calls</Th>
        <Th numeric>Messages</Th>
      </TableHead>
      <TableBody>
        {errors.map((error) => (
          <Tr key={`${error.outcome} ${error.code}`}>
            <Td>{errorWords(error)}</Td>
            <Td numeric>{error.calls === 0 ? "–" : error.calls}</Td>
            <Td numeric>{error.messages}</Td>
          </Tr>
        ))}
      </TableBody>
    </Table>
  );
}
