"use client";

import { Field } from "@/components/form/field";
import { Tabs } from "@/components/ui/tabs";
import { Textarea } from "@/components/ui/textarea";
import type { DraftStep } from "./draft";
import { Fields } from "./fields";
import { UnsubscribeNote, withAddedLink } from "./unsubscribe-note";

type Draft = Extract<DraftStep, { type: "send_email" }>;
type Props = { path: string; step: Draft; set: (step: Draft) => void };

/** What an email says, as HTML and as text. */
export function EmailBody({ path, step, set }: Props) {
  return (
    <div className="space-y-4">
      <Tabs
        label="Write or preview"
        items={[
          { value: "write", label: "Write", content: <HtmlField path={path} step={step} set={set} /> },
          { value: "preview", label: "Preview", content: <Preview html={step.html} /> },
        ]}
      />
      <Fields>
        <Field
          name={`${path}.text`}
          label="Text body"
          optional
          hint="For readers without HTML. Without it, such readers get the HTML only."
        >
          <Textarea
            className="max-h-72 min-h-20 font-mono text-sm"
            value={step.text ?? ""}
            spellCheck={false}
            onChange={({ target }) => set({ ...step, text: target.value || null })}
          />
        </Field>
      </Fields>
      <UnsubscribeNote step={step} />
    </div>
  );
}

function HtmlField({ path, step, set }: Props) {
  return (
    <Fields>
      <Field
        name={`${path}.html`}
        label="HTML body"
        hint="Liquid with profile, event, event_name, event_time, workspace and unsubscribe_url."
      >
        <Textarea
          className="max-h-112 min-h-40 font-mono text-sm"
          value={step.html ?? ""}
          placeholder="<p>Hello {{ profile.first_name | default: 'there' }},</p>"
          spellCheck={false}
          onChange={({ target }) => set({ ...step, html: target.value || null })}
        />
      </Field>
    </Fields>
  );
}

function Preview({ html }: { html: string | null }) {
  if (html === null || html.trim() === "") return <p className="text-muted text-sm">There is no HTML body yet.</p>;
  return (
    <>
      {/* An empty sandbox: no scripts, no forms, an origin of its own. */}
      <iframe
        title="Preview of the HTML body"
        sandbox=""
        srcDoc={withAddedLink(html)}
        className="h-96 w-full rounded-md border border-line bg-white"
      />
      <p className="mt-1 text-muted text-sm">As written: Liquid is filled in for each person when it is sent.</p>
    </>
  );
}
