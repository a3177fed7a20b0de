/** The arguments of a command as a form to fill in, free of any platform; the twin of a view. */
export interface Form {
  readonly command: string;
  readonly summary: string;
  /** Why it is asked, where there is a reason beyond that something is missing. */
  readonly note?: string | undefined;
  readonly fields: readonly Field[];
}

export type FormValue = string | boolean | number;
export type FormInput = Readonly<Record<string, FormValue>>;

export interface FieldCommon {
  readonly argument: string;
  readonly label: string;
  readonly hint: string;
  readonly required: boolean;
}

export type Field =
  | (FieldCommon & { readonly kind: 'text'; readonly value?: string | undefined })
  | (FieldCommon & { readonly kind: 'switch'; readonly on: boolean })
  | (FieldCommon & {
      readonly kind: 'choice';
      readonly options: readonly Option[];
      readonly value?: string | undefined;
      /** Not every candidate is among the options: what they were narrowed by, to be changed or typed. */
      readonly narrow?: { readonly by: string; readonly total: number } | undefined;
    });

export interface Option {
  readonly value: string;
  readonly label: string;
}
