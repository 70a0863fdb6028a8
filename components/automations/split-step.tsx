"use client";

import { Plus, Scale, Trash2 } from "lucide-react";
import type { ReactNode } from "react";
import { Problem } from "@/components/conditions/problem";
import { NumberInput } from "@/components/conditions/scalar-input";
import { Field } from "@/components/form/field";
import { Button } from "@/components/ui/button";
import { Input } from "@/components/ui/input";
import { useBuilder } from "./builder-context";
import type { DraftSplitStep, DraftVariant } from "./draft";
import { freshKey, type Place, wayPlace } from "./draft-tree";
import { Fields } from "./fields";
import { areEqual, equalised, shareWords, withVariant } from "./variants";
import { WayOf } from "./way";

type Props = {
  path: string;
  place: Place;
  index: number;
  step: DraftSplitStep;
  set: (step: DraftSplitStep) => void;
  /** The steps at a place. Handed in, because lists hold such steps and these hold lists. */
  list: (place: Place) => ReactNode;
};

/** The variants that people are spread over, each with its weight and its steps. */
export function SplitEditor({ path, place, index, step, set, list }: Props) {
  const { draft, readOnly } = useBuilder();
  const { variants } = step;
  const shares = shareWords(variants);
  const setVariants = (next: DraftVariant[]) => set({ ...step, variants: next });
  return (
    <div className="space-y-5">
      <p className="text-muted text-sm">
        Each person goes one way by chance, and the same way whenever they come again.
      </p>
      {variants.map((variant, number) => (
        <WayOf key={variant.key} path={`${path}.variants.${number}`} name={`Variant ${number + 1}`}>
          <VariantHead
            path={`${path}.variants.${number}`}
            variant={variant}
            share={shares[number] ?? "–"}
            set={(next) => setVariants(variants.map((one) => (one.key === next.key ? next : one)))}
            remove={variants.length > 2 ? () => setVariants(variants.filter(({ key }) => key !== variant.key)) : null}
          />
          {list(wayPlace(place, index, ["variants", number, "steps"]))}
        </WayOf>
      ))}
      <Problem path={`${path}.variants`} />
      {!readOnly && (
        <div className="flex flex-wrap gap-1">
          <Button size="sm" variant="ghost" onClick={() => setVariants(withVariant(variants, freshKey(draft)))}>
            <Plus aria-hidden /> Add variant
          </Button>
          <Button
            size="sm"
            variant="ghost"
            disabled={areEqual(variants)}
            onClick={() => setVariants(equalised(variants))}
          >
            <Scale aria-hidden /> Make equal
          </Button>
        </div>
      )}
    </div>
  );
}

type HeadProps = {
  path: string;
  variant: DraftVariant;
  share: string;
  set: (variant: DraftVariant) => void;
  /** Null while there must be as many as there are. */
  remove: (() => void) | null;
};

function VariantHead({ path, variant, share, set, remove }: HeadProps) {
  const { readOnly } = useBuilder();
  return (
    <Fields className="mb-3 flex flex-wrap items-start gap-x-3 gap-y-2 space-y-0">
      <Field name={`${path}.id`} label="Variant" className="flex-1 basis-36">
        <Input
          className="font-mono"
          value={variant.id}
          onChange={({ target }) => set({ ...variant, id: target.value })}
          autoComplete="off"
          spellCheck={false}
        />
      </Field>
      <Field name={`${path}.weight`} label="Weight" hint={`${share} of people`} className="w-28">
        <NumberInput
          value={variant.weight}
          onValueChange={(weight) => set({ ...variant, weight })}
          inputMode="numeric"
        />
      </Field>
      {!readOnly && (
        <Button
          variant="ghost"
          size="icon"
          className="mt-6"
          aria-label={`Delete variant ${variant.id}`}
          disabled={remove === null}
          title={remove === null ? "A split has at least two variants." : undefined}
          onClick={remove ?? undefined}
        >
          <Trash2 />
        </Button>
      )}
    </Fields>
  );
}
