"use client";

import { Check, ChevronsUpDown, Plus } from "lucide-react";
import Link from "next/link";
import { DropdownMenu, MenuItem, MenuLabel, MenuLine } from "@/components/ui/dropdown-menu";

export type SwitchableWorkspace = { slug: string; name: string; role: string };

type Props = { current: string; workspaces: SwitchableWorkspace[] };

/** Names the workspace one is in; opens the others and the way to a new one. */
export function WorkspaceSwitcher({ current, workspaces }: Props) {
  const name = workspaces.find((workspace) => workspace.slug === current)?.name ?? current;
  return (
    <DropdownMenu
      align="start"
      className="w-60"
      trigger={
        <button
          type="button"
          className="flex h-9 w-full min-w-0 items-center gap-2 rounded-md px-2 text-left hover:bg-hover pointer-coarse:h-11"
        >
          <Initial name={name} />
          <span className="min-w-0 flex-1 truncate font-semibold">
            <span className="sr-only">Workspace: </span>
            {name}
          </span>
          <ChevronsUpDown aria-hidden className="size-4 shrink-0 text-faint" />
        </button>
      }
    >
      <MenuLabel>Workspaces</MenuLabel>
      {workspaces.map((workspace) => (
        <MenuItem key={workspace.slug} asChild>
          <Link href={`/${workspace.slug}`} aria-current={workspace.slug === current ? "true" : undefined}>
            <Initial name={workspace.name} />
            <span className="min-w-0 flex-1">
              <span className="block truncate">{workspace.name}</span>
              <span className="block text-faint text-xs capitalize">{workspace.role}</span>
            </span>
            {workspace.slug === current && <Check aria-hidden />}
          </Link>
        </MenuItem>
      ))}
      <MenuLine />
      <MenuItem asChild>
        <Link href="/welcome">
          <Plus aria-hidden />
          New workspace
        </Link>
      </MenuItem>
    </DropdownMenu>
  );
}

function Initial({ name }: { name: string }) {
  return (
    <span
      aria-hidden
      className="grid size-6 shrink-0 place-items-center rounded-md bg-ink font-semibold text-on-ink text-xs uppercase"
    >
      {[...name][0]}
    </span>
  );
}
