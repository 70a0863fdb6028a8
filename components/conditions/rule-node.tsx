"use client";

import { Ellipsis, Plus, X } from "lucide-react";
import { Fragment } from "react";
import { Button } from "@/components/ui/button";
import { DropdownMenu, MenuItem } from "@/components/ui/dropdown-menu";
import { Select } from "@/components/ui/select";
import { ComparisonFields } from "./comparison-fields";
import { PerformedFields } from "./performed-fields";
import { Problem } from "./problem";
import {
  changeMember,
  type GroupKind,
  group,
  groupOf,
  newComparison,
  newPerformed,
  type PerformedDraft,
  type Rule,
  withMember,
} from "./rule";

type Props = {
  path: string;
  rule: Rule;
  /** Null takes it out. */
  onChange: (rule: Rule | null) => void;
  /** The id of the list of fields to suggest. */
  fieldsId: string;
  label: string;
  /** Whether it may ask how often somebody did something: not again within such a question. */
  counts: boolean;
};

/** One node of a rule with everything below it. */
export function RuleNode(props: Props) {
  const { path, rule } = props;
  return (
    <fieldset className="min-w-0">
      <legend className="sr-only">{props.label}</legend>
      {"not" in rule ? <Negation {...props} not={rule.not} /> : <Positive {...props} />}
      <Problem path={path} />
    </fieldset>
  );
}

function Positive(props: Props) {
  const { path, rule, onChange, fieldsId } = props;
  const found = groupOf(rule);
  if (found) return <Group {...props} {...found} />;
  if ("performed" in rule) return <Performed {...props} performed={rule} />;
  if (!("field" in rule)) return null;
  return (
    <div className="flex items-start gap-1">
      <ComparisonFields path={path} comparison={rule} onChange={onChange} fieldsId={fieldsId} />
      <NodeActions {...props} noun="condition" />
    </div>
  );
}

function Performed({ performed, ...props }: Props & { performed: PerformedDraft }) {
  const { path, onChange, fieldsId } = props;
  const setWhere = (where: Rule | null) => onChange({ ...performed, where });
  const { where } = performed;
  const filter = (
    <div className="space-y-2">
      {where !== null && <p className="text-sm">counting only events where</p>}
      {where !== null && (
        <RuleNode
          path={`${path}.where`}
          rule={where}
          onChange={setWhere}
          fieldsId={fieldsId}
          label="Which of these events count"
          counts={false}
        />
      )}
      {(where === null || groupOf(where) === null) && (
        <Button
          size="sm"
          variant="ghost"
          className="-ml-2"
          onClick={() => setWhere(withMember(where, newComparison()))}
        >
          <Plus aria-hidden /> {where === null ? "Count only some of them" : "Add condition"}
        </Button>
      )}
    </div>
  );
  return (
    <div className="space-y-2 rounded-md border border-line bg-surface p-2 sm:p-3">
      <div className="flex items-center justify-between gap-2">
        <p className="font-medium text-sm">Has performed</p>
        <NodeActions {...props} noun="condition" />
      </div>
      <PerformedFields path={path} performed={performed} onChange={onChange} filter={filter} />
    </div>
  );
}

const frame = "space-y-2 rounded-md border border-line bg-sunken p-2 sm:p-3";

function Negation({ not, ...props }: Props & { not: Rule }) {
  const { path, onChange, fieldsId } = props;
  return (
    <div className={frame}>
      <div className="flex items-center justify-between gap-2">
        <p className="font-medium text-sm">It is not so that</p>
        <NodeActions {...props} noun="negation" />
      </div>
      <RuleNode
        path={`${path}.not`}
        rule={not}
        onChange={(next) => onChange(next === null ? null : { not: next })}
        fieldsId={fieldsId}
        label="What must not hold"
        counts={props.counts}
      />
    </div>
  );
}

function Group({ kind, members, ...props }: Props & { kind: GroupKind; members: Rule[] }) {
  const { path, rule, onChange, fieldsId } = props;
  const other: GroupKind = kind === "all" ? "any" : "all";
  return (
    <div className={frame}>
      <div className="flex items-center justify-between gap-2">
        <Select
          aria-label="Match"
          className="w-44"
          value={kind}
          onChange={({ target }) => onChange(group(target.value === "any" ? "any" : "all", members))}
          options={[
            { value: "all", label: "All of these hold" },
            { value: "any", label: "Any of these holds" },
          ]}
        />
        <NodeActions {...props} noun="group" />
      </div>
      {members.map((member, index) => (
        // Members have no name of their own, and the inputs keep nothing that their value does not say.
        // biome-ignore lint/suspicious/noArrayIndexKey: see above
        <Fragment key={index}>
          {index > 0 && <p className="text-muted text-xs">{kind === "all" ? "and" : "or"}</p>}
          <RuleNode
            path={`${path}.${kind}.${index}`}
            rule={member}
            onChange={(next) => onChange(changeMember(rule, index, next))}
            fieldsId={fieldsId}
            label={`Condition ${index + 1}`}
            counts={props.counts}
          />
        </Fragment>
      ))}
      <div className="flex flex-wrap gap-1">
        <AddConditions counts={props.counts} add={(member) => onChange(withMember(rule, member))} />
        <Button size="sm" variant="ghost" onClick={() => onChange(withMember(rule, group(other, [newComparison()])))}>
          <Plus aria-hidden /> Add group
        </Button>
      </div>
    </div>
  );
}

type AddProps = { counts: boolean; add: (member: Rule) => void };

/** Buttons for one more condition of either kind. */
export function AddConditions({ counts, add }: AddProps) {
  return (
    <>
      <Button size="sm" variant="ghost" onClick={() => add(newComparison())}>
        <Plus aria-hidden /> Add condition
      </Button>
      {counts && (
        <Button size="sm" variant="ghost" onClick={() => add(newPerformed())}>
          <Plus aria-hidden /> Add “has performed”
        </Button>
      )}
    </>
  );
}

function NodeActions({ rule, onChange, noun }: Props & { noun: string }) {
  return (
    <div className="flex shrink-0">
      <DropdownMenu
        trigger={
          <Button variant="ghost" size="icon" aria-label={`More for this ${noun}`}>
            <Ellipsis />
          </Button>
        }
      >
        {"not" in rule ? (
          <MenuItem onSelect={() => onChange(rule.not)}>Remove the “not”</MenuItem>
        ) : (
          <MenuItem onSelect={() => onChange({ not: rule })}>Turn into its opposite</MenuItem>
        )}
        <MenuItem onSelect={() => onChange({ all: [rule] })}>Put into a group</MenuItem>
      </DropdownMenu>
      <Button variant="ghost" size="icon" aria-label={`Remove ${noun}`} onClick={() => onChange(null)}>
        <X />
      </Button>
    </div>
  );
}
