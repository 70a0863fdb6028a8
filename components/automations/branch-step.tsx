"use client";

import { ArrowDown, ArrowUp, Ellipsis, Pencil, Plus, Trash2 } from "lucide-react";
import type { ReactNode } from "react";
import { Problem } from "@/components/conditions/problem";
import { ruleWords } from "@/components/conditions/rule";
import { RuleEditor } from "@/components/conditions/rule-editor";
import { Button } from "@/components/ui/button";
import { DropdownMenu, MenuItem, MenuLine } from "@/components/ui/dropdown-menu";
import { useBuilder } from "./builder-context";
import type { DraftBranch, DraftBranchStep } from "./draft";
import { swapped } from "./draft-changes";
import { freshKey, type Place, wayPlace } from "./draft-tree";
import { newBranch } from "./new-step";
import { WayOf } from "./way";

type Props = {
  path: string;
  place: Place;
  index: number;
  step: DraftBranchStep;
  set: (step: DraftBranchStep) => void;
  /** The steps at a place. Handed in, because lists hold branches and branches hold lists. */
  list: (place: Place) => ReactNode;
};

/** The ways of a branch, in the order in which they are tried, and the one for everybody else. */
export function BranchEditor({ path, place, index, step, set, list }: Props) {
  const { draft, readOnly, toggle } = useBuilder();
  const { branches } = step;
  const setBranches = (next: DraftBranch[]) => set({ ...step, branches: next });
  const add = () => {
    const branch = newBranch(freshKey(draft));
    setBranches([...branches, branch]);
    toggle(branch.key);
  };
  return (
    <div className="space-y-5">
      {branches.map((branch, number) => (
        <WayOf key={branch.key} path={`${path}.branches.${number}`} name={`Branch ${number + 1}`}>
          <BranchHead
            path={`${path}.branches.${number}.when`}
            number={number}
            branches={branches}
            branch={branch}
            setBranches={setBranches}
          />
          {list(wayPlace(place, index, ["branches", number, "steps"]))}
        </WayOf>
      ))}
      {!readOnly && (
        <Button size="sm" variant="ghost" onClick={add}>
          <Plus aria-hidden /> Add branch
        </Button>
      )}
      <Problem path={`${path}.branches`} />
      <WayOf name="Otherwise" shown>
        {list(wayPlace(place, index, ["else"]))}
      </WayOf>
    </div>
  );
}

type HeadProps = {
  path: string;
  number: number;
  branches: DraftBranch[];
  branch: DraftBranch;
  setBranches: (branches: DraftBranch[]) => void;
};

function BranchHead({ path, number, branches, branch, setBranches }: HeadProps) {
  const { readOnly, isOpen, toggle } = useBuilder();
  const open = isOpen(branch.key);
  const setWhen = (when: DraftBranch["when"]) =>
    setBranches(branches.map((one) => (one.key === branch.key ? { ...one, when } : one)));
  return (
    <div className="mb-3 space-y-2">
      <div className="flex items-start gap-1">
        <p className="min-w-0 flex-1 break-words pt-1.5 text-sm">
          <span className="font-medium">{number === 0 ? "If " : "Else if "}</span>
          <span className="text-muted">{ruleWords(branch.when)}</span>
        </p>
        <Button size="sm" variant="ghost" aria-expanded={open} onClick={() => toggle(branch.key)}>
          <Pencil aria-hidden /> <span className="max-sm:sr-only">{open ? "Close" : "Condition"}</span>
        </Button>
        {!readOnly && <BranchMenu number={number} branches={branches} setBranches={setBranches} />}
      </div>
      {open && (
        <RuleEditor
          path={path}
          label={`Condition of branch ${number + 1}`}
          rule={branch.when}
          required
          onChange={(when) => when !== null && setWhen(when)}
          readOnly={readOnly}
        />
      )}
    </div>
  );
}

function BranchMenu({ number, branches, setBranches }: Pick<HeadProps, "number" | "branches" | "setBranches">) {
  return (
    <DropdownMenu
      trigger={
        <Button variant="ghost" size="icon" className="size-7" aria-label={`Actions for branch ${number + 1}`}>
          <Ellipsis />
        </Button>
      }
    >
      <MenuItem disabled={number === 0} onSelect={() => setBranches(swapped(branches, number, -1))}>
        <ArrowUp aria-hidden /> Try earlier
      </MenuItem>
      <MenuItem disabled={number === branches.length - 1} onSelect={() => setBranches(swapped(branches, number, 1))}>
        <ArrowDown aria-hidden /> Try later
      </MenuItem>
      <MenuLine />
      <MenuItem
        tone="bad"
        disabled={branches.length === 1}
        onSelect={() => setBranches(branches.filter((_, at) => at !== number))}
      >
        <Trash2 aria-hidden /> Delete branch
      </MenuItem>
    </DropdownMenu>
  );
}
