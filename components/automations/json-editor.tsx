"use client";

import { useId, useState } from "react";
import { Banner } from "@/components/ui/banner";
import { Button } from "@/components/ui/button";
import { CopyButton } from "@/components/ui/copy-button";
import { Label } from "@/components/ui/label";
import { Textarea } from "@/components/ui/textarea";
import { toast } from "@/components/ui/toast";
import { useBuilder } from "./builder-context";
import { type Draft, toDefinition, toDraft } from "./draft";
import { checkInput, type Problems } from "./problems";

type Props = { onApply: (draft: Draft) => void };

/** The automation as the API takes it: to read, to copy, and to paste another. */
export function JsonEditor({ onApply }: Props) {
  const { draft, readOnly } = useBuilder();
  const id = useId();
  const current = JSON.stringify({ name: draft.name, ...toDefinition(draft) }, null, 2);
  const [typed, setTyped] = useState<string | null>(null);
  const [problems, setProblems] = useState<Problems | null>(null);
  const text = typed ?? current;
  const apply = () => {
    const read = readJson(text, draft.name);
    setProblems("draft" in read ? null : read.problems);
    if (!("draft" in read)) return;
    onApply(read.draft);
    setTyped(null);
    toast.success("Applied. Save the draft to keep it.");
  };
  return (
    <div className="space-y-3">
      <div className="flex items-end justify-between gap-2">
        <Label htmlFor={id}>Definition as JSON</Label>
        <CopyButton text={text} label="Copy the definition" />
      </div>
      {problems && (
        <Banner tone="bad" live title="This cannot be applied.">
          <ul className="list-disc pl-4">
            {Object.entries(problems).map(([path, sentences]) => (
              <li key={path} className="break-words">
                {path !== "" && <code className="font-mono">{path}: </code>}
                {sentences.join(" ")}
              </li>
            ))}
          </ul>
        </Banner>
      )}
      <Textarea
        id={id}
        className="max-h-[70vh] min-h-96 font-mono text-sm"
        value={text}
        readOnly={readOnly}
        spellCheck={false}
        aria-invalid={problems ? true : undefined}
        onChange={({ target }) => setTyped(target.value)}
      />
      {!readOnly && (
        <div className="flex gap-2">
          <Button onClick={apply} disabled={typed === null}>
            Apply
          </Button>
          {typed !== null && (
            <Button
              variant="ghost"
              onClick={() => {
                setTyped(null);
                setProblems(null);
              }}
            >
              Undo
            </Button>
          )}
        </div>
      )}
    </div>
  );
}

/** A pasted definition; without a name it keeps the one there is. */
function readJson(text: string, name: string): { draft: Draft } | { problems: Problems } {
  const json = parsed(text);
  if ("problem" in json) return { problems: { "": [json.problem] } };
  const { value } = json;
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  const checked = checkInput(isObject ? { name, ...value } : value);
  return checked.ok ? { draft: toDraft(checked.input.name, checked.input) } : { problems: checked.problems };
}

function parsed(text: string): { value: unknown } | { problem: string } {
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    if (error instanceof SyntaxError) return { problem: `This is not JSON: ${error.message}` };
    throw error;
  }
}
