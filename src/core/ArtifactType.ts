/**
 * The type of a value that flows on a link. Core knows its name, when one may stand for another, and how it becomes bytes;
 * what the bytes are (Arrow) is the business of `src/artifact`.
 */
export interface ArtifactType<A> {
  /** As printed in errors and by `pipeline stages`: `Sentences`, `BiEncoder`. */
  readonly name: string;
  /** Narrows the name where a mix-up would be silent: `Scores` are `cosine` or `probability`. Absent: any. */
  readonly variant?: string;
  /** Equal values give equal bytes, on every machine. */
  readonly encode: (value: A) => Promise<Uint8Array>;
  /** The inverse of `encode`. Bytes were checked against their digest before; a failure here is a defect of ours. */
  readonly decode: (bytes: Uint8Array) => Promise<A>;
}

// oxlint-disable-next-line typescript/no-explicit-any -- the values of a heterogeneous list of types
export type AnyArtifactType = ArtifactType<any>;

/** What an input port takes: one of some types, once or as a list, needed or not. */
export interface InputPort<A> {
  readonly types: ReadonlyArray<AnyArtifactType>;
  readonly list: boolean;
  readonly optional: boolean;
  readonly description: string;
  /** Only for inference: the type of the decoded value. Never set. */
  readonly value?: A;
}

/** What an output port gives: a type, or the type of whatever is linked to one of the inputs (`sample`, `deduplicate`). */
export interface OutputPort<A> {
  readonly type: AnyArtifactType | { readonly sameAs: string } | ((inputTypes: InputTypes) => AnyArtifactType);
  readonly description: string;
  readonly value?: A;
}

/** The type linked to each input port; of a list port, the type of its first element. */
export type InputTypes = { readonly [port: string]: AnyArtifactType | undefined };

export const typeLabel = (type: AnyArtifactType): string =>
  type.variant === undefined ? type.name : `${type.name}(${type.variant})`;

/** May an output of type `given` feed an input that wants `wanted`? Names agree, and the variant where one is asked for. */
export const accepts = (wanted: AnyArtifactType, given: AnyArtifactType): boolean =>
  wanted.name === given.name && (wanted.variant === undefined || wanted.variant === given.variant);

export const portAccepts = (port: InputPort<unknown>, given: AnyArtifactType): boolean =>
  port.types.some((wanted) => accepts(wanted, given));

export const input = <A>(type: ArtifactType<A>, description: string): InputPort<A> => ({
  types: [type],
  list: false,
  optional: false,
  description,
});

/** A port that takes any of some types; `A` is the union of their values (a type counts here by what it decodes to). */
export const inputOneOf = <A>(
  types: ReadonlyArray<AnyArtifactType & { readonly decode: (bytes: Uint8Array) => Promise<A> }>,
  description: string,
): InputPort<A> => ({
  types,
  list: false,
  optional: false,
  description,
});

export const optionalInput = <A>(type: ArtifactType<A>, description: string): InputPort<A | undefined> => ({
  types: [type],
  list: false,
  optional: true,
  description,
});

/** An optional port that takes any of some types. */
export const optionalInputOneOf = <A>(
  types: ReadonlyArray<AnyArtifactType & { readonly decode: (bytes: Uint8Array) => Promise<A> }>,
  description: string,
): InputPort<A | undefined> => ({ types, list: false, optional: true, description });

export const listInput = <A>(type: ArtifactType<A>, description: string): InputPort<ReadonlyArray<A>> => ({
  types: [type],
  list: true,
  optional: false,
  description,
});

export const output = <A>(type: ArtifactType<A>, description: string): OutputPort<A> => ({ type, description });

export const outputSameAs = <A>(port: string, description: string): OutputPort<A> => ({
  type: { sameAs: port },
  description,
});

export const outputFrom = <A>(
  type: (inputTypes: InputTypes) => ArtifactType<A>,
  description: string,
): OutputPort<A> => ({
  type,
  description,
});

/** The type an output has once the types of the inputs are known; undefined while a needed input's type is unknown. */
export function resolveOutputType(port: OutputPort<unknown>, inputTypes: InputTypes): AnyArtifactType | undefined {
  if (typeof port.type === "function") return port.type(inputTypes);
  return "sameAs" in port.type ? inputTypes[port.type.sameAs] : port.type;
}
