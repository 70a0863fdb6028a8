import { Badge } from "@/components/ui/badge";
import { RowLink, Table, TableBody, TableHead, Td, Th, Tr } from "@/components/ui/table";
import { Time } from "@/components/ui/time";
import type { Tone } from "@/components/ui/tone";
import type { AutomationDefinition, Enrollment, EnrollmentStatus } from "@/lib/automations/schema";
import { reasonSentence } from "@/lib/dispatch/schema";
import { type Stand, standAt } from "./stand";

export const enrollmentWords: Record<EnrollmentStatus, { label: string; tone: Tone }> = {
  active: { label: "Active", tone: "info" },
  completed: { label: "Completed", tone: "good" },
  exited: { label: "Exited", tone: "neutral" },
};

type Props = {
  enrollments: Enrollment[];
  /** What the versions do, by number; of one that is missing here only the step's id is shown. */
  definitions: ReadonlyMap<number, AutomationDefinition>;
  /** Where profiles are shown. */
  profilesPath: string;
};

/** Who is or was in an automation, each row leading to the person. */
export function EnrollmentTable({ enrollments, definitions, profilesPath }: Props) {
  return (
    <Table label="People" className="table-fixed">
      <TableHead>
        <Th>Person</Th>
        <Th className="w-32">Status</Th>
        <Th hide="sm">Step</Th>
        <Th hide="md" className="w-28">
          Entered
        </Th>
        <Th hide="sm">Next, or ended</Th>
      </TableHead>
      <TableBody>
        {enrollments.map((enrollment) => (
          <Row
            key={enrollment.id}
            enrollment={enrollment}
            stand={standOf(enrollment, definitions.get(enrollment.version))}
            href={`${profilesPath}/${enrollment.profile_id}`}
          />
        ))}
      </TableBody>
    </Table>
  );
}

/** Where a run that goes on stands; null for one that has ended. */
const standOf = ({ status, step_id }: Enrollment, definition: AutomationDefinition | undefined): Stand | null =>
  status === "active" && step_id !== null && definition ? standAt(definition, step_id) : null;

type RowProps = { enrollment: Enrollment; stand: Stand | null; href: string };

function Row({ enrollment, stand, href }: RowProps) {
  const { email, profile_id, version, status, step_id } = enrollment;
  return (
    <Tr>
      <Td>
        <RowLink href={href} className="block truncate" title={email ?? profile_id}>
          {email ?? <span className="font-mono text-xs">{profile_id}</span>}
        </RowLink>
        <span className="block text-faint text-xs">{`Version ${version}`}</span>
        {stand && <span className="block text-muted text-xs sm:hidden">{standWords(stand)}</span>}
      </Td>
      <Td>
        <Badge tone={enrollmentWords[status].tone} dot>
          {enrollmentWords[status].label}
        </Badge>
      </Td>
      <Td hide="sm">
        {stand && <span className="line-clamp-2 break-words">{standWords(stand)}</span>}
        {step_id ? (
          <code className="block truncate font-mono text-faint text-xs" title={step_id}>
            {step_id}
          </code>
        ) : (
          "—"
        )}
      </Td>
      <Td hide="md" className="text-muted">
        <Time at={enrollment.entered_at} />
      </Td>
      <Td hide="sm" className="text-muted">
        <Next enrollment={enrollment} stand={stand} />
      </Td>
    </Tr>
  );
}

const standWords = ({ doing, variants }: Stand) => [doing, ...variants].join(", ");

/** What comes next for a run, or how it ended. */
function Next({ enrollment, stand }: { enrollment: Enrollment; stand: Stand | null }) {
  const { status, reason, due_at, ended_at } = enrollment;
  if (status === "active" && due_at === null) return "In hand, or waiting for its email";
  if (status === "active" && due_at !== null)
    return (
      <>
        {stand?.ends && "Until "}
        <Time at={due_at} />
      </>
    );
  return (
    <>
      {reason && <span className="block">{reasonSentence(reason) ?? reason}</span>}
      {ended_at && (
        <span className="block">
          Ended <Time at={ended_at} />
        </span>
      )}
    </>
  );
}
