"use client";

import { createContext } from "react";

type State = { errors: Record<string, string[]>; pending: boolean };

/** What a form tells the fields and buttons within it. Outside a form: no errors, nothing pending. */
export const FormContext = createContext<State>({ errors: {}, pending: false });
