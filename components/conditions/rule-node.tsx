"use client";

import { Ellipsis, Plus, X } from "lucide-react";
import { Fragment } from "react";
import { Button } from "@/components/ui/button";
import { DropdownMenu, MenuItem } from "@/components/ui/dropdown-menu";
import { Select } from "@/components/ui/select";
import { ComparisonFields } from "./comparison-fields";
import { Problem } from "./problem";
import { changeMember, type GroupKind, group, groupOf, newComparison, type Rule, withMember } from "./rule";

type Props = {
  path: string;
  rule: Rule;
  /** Null takes it out. */
  onChange: (rule: Rule | null) => void;
  /** The id of the list of fields to suggest. */
  fieldsId: string;
  label: string;
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
  if (!("field" in rule)) return null;
  return (
    <div className="flex items-start gap-1">
      <ComparisonFields path={path} comparison={rule} onChange={onChange} fieldsId={fieldsId} />
      <NodeActions {...props} noun="condition" />
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
          />
        </Fragment>
      ))}
      <div className="flex flex-wrap gap-1">
        <Button size="sm" variant="ghost" onClick={() => onChange(withMember(rule, newComparison()))}>
          <Plus aria-hidden /> Add condition
        </Button>
        <Button size="sm" variant="ghost" onClick={() => onChange(withMember(rule, group(other, [newComparison()])))}>
          <Plus aria-hidden /> Add group
        </Button>
      </div>
    </div>
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
