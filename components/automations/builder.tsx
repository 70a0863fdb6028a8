"use client";

import { type FormEvent, useState } from "react";
import { Field } from "@/components/form/field";
import { FormContext } from "@/components/form/form-context";
import { Card } from "@/components/ui/card";
import { Input } from "@/components/ui/input";
import { Tabs } from "@/components/ui/tabs";
import type { AnyAutomation } from "@/lib/automations/schema";
import type { Connection } from "@/lib/connections/schema";
import { AutomationHeader } from "./automation-header";
import { BuilderActions } from "./builder-actions";
import { BuilderAside } from "./builder-aside";
import { BuilderContext, useBuilder } from "./builder-context";
import { BuilderNotices } from "./builder-notices";
import { blankDefinition, toDraft } from "./draft";
import { top } from "./draft-tree";
import { ExitRulesCard } from "./exit-rules-card";
import { Fields } from "./fields";
import { FlowLine } from "./flow-card";
import { JsonEditor } from "./json-editor";
import type { Lifecycle } from "./lifecycle";
import { PublishDialog } from "./publish-dialog";
import { ReentryFields } from "./reentry-fields";
import { StepList } from "./step-list";
import { AudienceCard, TriggerCard } from "./trigger-card";
import { UnsubscribeField } from "./unsubscribe-field";
import { useBuilderState } from "./use-builder-state";
import { useLeaveGuard } from "./use-leave-guard";
import { useSaving } from "./use-saving";

type Props = {
  automation: AnyAutomation;
  connections: Connection[];
  /** The list of automations; this one lies below it. */
  path: string;
  connectionsPath: string;
  /** Where late emails wait for somebody to decide. */
  heldPath: string;
  editable: boolean;
  lifecycle: Lifecycle;
};

/** The page of an automation: what it does, to be read and changed, and what can be done with it. */
export function Builder({ automation, connections, path, connectionsPath, editable, lifecycle, ...props }: Props) {
  const readOnly = !editable || automation.status === "archived";
  const [initial] = useState(() =>
    toDraft(automation.name, automation.definition_error === null ? automation : blankDefinition()),
  );
  const state = useBuilderState({ initial, readOnly, connections, connectionsPath });
  const saving = useSaving({ automation, state, lifecycle });
  useLeaveGuard(state.dirty && !readOnly);
  const touched = ({ target }: FormEvent) => {
    const name = (target as Element).getAttribute("name");
    if (name !== null) state.touched(name);
  };
  const flow = (
    <div onChange={touched}>
      <Flow />
    </div>
  );
  const json = <JsonEditor onApply={state.replace} />;
  return (
    <BuilderContext value={state.builder}>
      <FormContext value={{ errors: state.problems, pending: saving.pending }}>
        <AutomationHeader
          automation={automation}
          path={path}
          actions={
            editable && (
              <BuilderActions
                automation={automation}
                path={path}
                heldPath={props.heldPath}
                lifecycle={lifecycle}
                saving={saving}
                dirty={state.dirty}
              />
            )
          }
        />
        <div className="grid items-start gap-x-8 gap-y-4 lg:grid-cols-[minmax(0,1fr)_16rem]">
          <div className="min-w-0">
            <BuilderNotices
              automation={automation}
              editable={editable}
              error={saving.error}
              problems={state.problems}
            />
            <Tabs
              label="View"
              value={state.view}
              onValueChange={state.setView}
              items={[
                { value: "flow", label: "Flow", content: flow },
                { value: "json", label: "JSON", content: json },
              ]}
            />
          </div>
          <BuilderAside automation={automation} path={path} dirty={state.dirty} />
        </div>
        {saving.asking && (
          <PublishDialog
            preview={saving.asking}
            resumes={automation.status === "paused"}
            pending={saving.pending}
            publish={saving.publishAs}
            recount={saving.recount}
            close={saving.cancel}
          />
        )}
      </FormContext>
    </BuilderContext>
  );
}

function Flow() {
  return (
    <div className="max-w-3xl">
      <Basics />
      <FlowLine />
      <TriggerCard />
      <FlowLine />
      <AudienceCard />
      <FlowLine />
      <ExitRulesCard />
      <FlowLine />
      <h2 className="sr-only">Steps</h2>
      <StepList place={top} empty="No steps yet. Add the first one: what happens once somebody has entered?" />
    </div>
  );
}

function Basics() {
  const { draft, change } = useBuilder();
  return (
    <Card>
      <Fields className="grid gap-4 space-y-0 @md:grid-cols-2">
        <Field name="name" label="Name">
          <Input
            value={draft.name}
            autoComplete="off"
            onChange={({ target }) => change((now) => ({ ...now, name: target.value }))}
          />
        </Field>
        <ReentryFields />
        <UnsubscribeField />
      </Fields>
    </Card>
  );
}
