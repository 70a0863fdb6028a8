import { Badge } from "@/components/ui/badge";
import { RowLink, Table, TableBody, TableHead, Td, Th, Tr } from "@/components/ui/table";
import { Time } from "@/components/ui/time";
import type { Tone } from "@/components/ui/tone";
import type { Enrollment, EnrollmentStatus } from "@/lib/automations/schema";
import { reasonSentence } from "@/lib/dispatch/schema";

export const enrollmentWords: Record<EnrollmentStatus, { label: string; tone: Tone }> = {
  active: { label: "Active", tone: "info" },
  completed: { label: "Completed", tone: "good" },
  exited: { label: "Exited", tone: "neutral" },
};

type Props = { enrollments: Enrollment[] /** Where profiles are shown. */; profilesPath: string };

/** Who is or was in an automation, each row leading to the person. */
export function EnrollmentTable({ enrollments, profilesPath }: Props) {
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
          <Tr key={enrollment.id}>
            <Td>
              <RowLink
                href={`${profilesPath}/${enrollment.profile_id}`}
                className="block truncate"
                title={enrollment.email ?? enrollment.profile_id}
              >
                {enrollment.email ?? <span className="font-mono text-xs">{enrollment.profile_id}</span>}
              </RowLink>
              <span className="block text-faint text-xs">{`Version ${enrollment.version}`}</span>
            </Td>
            <Td>
              <Badge tone={enrollmentWords[enrollment.status].tone} dot>
                {enrollmentWords[enrollment.status].label}
              </Badge>
            </Td>
            <Td hide="sm" className="truncate">
              {enrollment.step_id ? <code className="font-mono text-xs">{enrollment.step_id}</code> : "—"}
            </Td>
            <Td hide="md" className="text-muted">
              <Time at={enrollment.entered_at} />
            </Td>
            <Td hide="sm" className="text-muted">
              <Next enrollment={enrollment} />
            </Td>
          </Tr>
        ))}
      </TableBody>
    </Table>
  );
}

/** What comes next for a run, or how it ended. */
function Next({ enrollment }: { enrollment: Enrollment }) {
  const { status, reason, due_at, ended_at } = enrollment;
  if (status === "active") return due_at ? <Time at={due_at} /> : "In hand, or waiting for its email";
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
