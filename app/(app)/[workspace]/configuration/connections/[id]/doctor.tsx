import { DoctorCard } from "@/components/connections/doctor-card";
import type { Actor } from "@/lib/actor";
import type { Connection } from "@/lib/connections/schema";
import { recentExamination } from "@/lib/dispatch";
import * as actions from "../actions";

type Props = { actor: Actor; workspace: string; connection: Connection };

/** Reads by itself, so that the page does not wait for Postmark. */
export async function Doctor({ actor, workspace, connection }: Props) {
  const report = await recentExamination(actor, { id: connection.id });
  return (
    <DoctorCard
      connection={connection}
      report={report}
      editable={actor.permissions.has("connections:write")}
      check={actions.examineConnection.bind(null, workspace)}
      fix={actions.mendConnection.bind(null, workspace)}
      change={actions.changeConnection.bind(null, workspace)}
    />
  );
}
