/**
 * The types of a call, derived from its parameter table: an interface that documents each parameter, the list of
 * their names in order, and the parameter list of the function that implements the call.
 *
 * The one rule: leading arguments by position, then at most one object with the rest by name. For the parameters
 * a, b, c that is `f(a, b, c)`, `f(a, b, { c })`, `f(a, { b, c })` and `f({ a, b, c })`.
 */

/** The name in an entry of a table: "size" of "*size", "stride" of "stride?:integer", "stateDict" of "stateDict{}". */
export type NameOf<Entry> = Entry extends `**${infer Name}`
  ? WithoutKind<Name>
  : Entry extends `*${infer Name}`
    ? WithoutKind<Name>
    : WithoutKind<Entry>;
type WithoutKind<Entry> = Entry extends `${infer Name}:${string}` ? Plain<Name> : Plain<Entry>;
type Plain<Entry> = Entry extends `${infer Name}?`
  ? Plain<Name>
  : Entry extends `${infer Name}{}`
    ? Name
    : Entry;

type Names = readonly string[];
type Argument<Doc, Entry> = Doc[NameOf<Entry> & keyof Doc];

/** What the implementing function takes: every parameter by position, in the table's order. */
export type Positional<Doc, N extends Names> = N extends readonly [infer First, ...infer Rest extends Names]
  ? First extends `*${string}` | `${string}?${string}`
    ? [(Argument<Doc, First> | undefined)?, ...Positional<Doc, Rest>]
    : [Argument<Doc, First>, ...Positional<Doc, Rest>]
  : [];

/** The names that are left when the first arguments are given by position. */
type Rest<N extends Names, Head extends readonly unknown[]> = Head extends readonly [unknown, ...infer Others]
  ? N extends readonly [string, ...infer Left extends Names]
    ? Rest<Left, Others>
    : []
  : N;

/** The documented members for these names: the interface itself for all of them, of which no editor loses a comment. */
export type Options<Doc, N extends Names> = N extends readonly []
  ? unknown
  : [Exclude<keyof Doc, NameOf<N[number]>>] extends [never]
    ? Doc
    : Pick<Doc, NameOf<N[number]> & keyof Doc>;

/** The object with the rest behind every leading part of the parameters but the empty one, the longest first. */
type WithOptions<
  Doc,
  N extends Names,
  P extends readonly unknown[],
  Behind extends readonly unknown[] = [],
> = P extends readonly [...infer Head extends [unknown, ...unknown[]], unknown]
  ?
      | Closed<Doc, Rest<N, Head>, Head, [...Behind, unknown, unknown]>
      | WithOptions<Doc, N, Head, P extends readonly [...Head, ...infer Last] ? [...Last, ...Behind] : Behind>
  : never;

/** All by name. */
type ByName<Doc, N extends Names, P extends readonly unknown[]> = P extends readonly [
  unknown,
  ...infer Behind,
]
  ? Closed<Doc, N, [], [...Behind, unknown]>
  : never;

/**
 * The first arguments, then the object with the rest, then nothing. The nothing is spelt out for the sake of compiler
 * and editor. A tuple too short for a position counts there with all its elements: an editor would offer the options
 * of every form at once, and document none. Among the forms that a wrong call could have meant, the compiler explains
 * the last of the longest tuples, of those that a lone `undefined` does not rule out: the two (one, if all is by name)
 * more than there are parameters make that the form with the object where the object stands ("'strid' does not exist
 * ... Did you mean to write 'stride'?").
 *
 * An argument that is itself a plain object is given by position, never inside of the object.
 */
type Closed<
  Doc,
  Left extends Names,
  Head extends readonly unknown[],
  Behind extends readonly unknown[],
> = Left extends readonly [`${string}{}${string}`, ...unknown[]]
  ? never
  : Record<never, never> extends Options<Doc, Left>
    ? [...head: Head, options: Options<Doc, Left> | undefined, ...nothing: Nothing<Behind>]
    : [...head: Head, options: Options<Doc, Left>, ...nothing: Nothing<Behind>];
type Nothing<List extends readonly unknown[]> = { [Index in keyof List]?: undefined };

/** The names before the one that collects the remaining arguments. */
type BeforeVariadic<N extends Names> = N extends readonly [
  infer First extends string,
  ...infer Left extends Names,
]
  ? First extends `*${string}`
    ? []
    : [First, ...BeforeVariadic<Left>]
  : [];
type AfterVariadic<N extends Names> = N extends readonly [infer First, ...infer Left extends Names]
  ? First extends `*${string}`
    ? Left
    : AfterVariadic<Left>
  : [];
type VariadicEntry<N extends Names> = Extract<N[number], `*${string}`>;
type ElementOf<List> = List extends readonly (infer Element)[] ? Element : never;

/** The first parameters, with their labels. */
type Leading<P extends readonly unknown[], N extends Names> = P["length"] extends N["length"]
  ? P
  : P extends readonly [...infer Head, unknown]
    ? Leading<Head, N>
    : [];

/** What is left behind the first parameters, with the labels. */
type Trailing<P extends readonly unknown[], N extends Names> = N extends readonly [
  string,
  ...infer Left extends Names,
]
  ? P extends readonly [unknown, ...infer Others]
    ? Trailing<Others, Left>
    : []
  : P;

/** The names that must be given. */
type RequiredNames<N extends Names> = N extends readonly [
  infer First extends string,
  ...infer Left extends Names,
]
  ? First extends `*${string}` | `${string}?${string}`
    ? []
    : [First, ...RequiredNames<Left>]
  : [];

/** The implementing function's parameters, optional if the table says so: its labels, the table's question marks. */
type ByPosition<N extends Names, P extends readonly unknown[]> = [
  ...head: Leading<P, RequiredNames<N>>,
  ...tail: Partial<Trailing<P, RequiredNames<N>>>,
];

/** All parameters: an implementing function need not list the last ones if it has no use for them. */
type Complete<Doc, N extends Names, P extends readonly unknown[]> =
  Rest<N, P> extends infer Left extends readonly [string, ...string[]]
    ? [...head: P, ...tail: Required<Positional<Doc, Left>>]
    : P;

/** `f(a, 2, 3)` and `f(a, [2, 3])` with an object behind, if anything is left for it. */
type VariadicWithOptions<
  Doc,
  N extends Names,
  Head extends readonly unknown[],
  After extends Names,
> = After extends readonly [string, ...string[]]
  ?
      | [...head: Head, ...list: ElementOf<Argument<Doc, VariadicEntry<N>>>[], options: Options<Doc, After>]
      | [...head: Head, list: Argument<Doc, VariadicEntry<N>>, options: Options<Doc, After>]
  : never;

/**
 * Every form of a call that the one rule allows. The order counts: see `Closed`. All stand here, since editors show a
 * union by its name if it has one.
 */
export type CallArguments<Doc, N extends Names, P extends readonly unknown[]> = [VariadicEntry<N>] extends [
  never,
]
  ?
      | ByPosition<N, Complete<Doc, N, Required<P>>>
      | ByName<Doc, N, Complete<Doc, N, Required<P>>>
      | WithOptions<Doc, N, Complete<Doc, N, Required<P>>>
  : Leading<Required<P>, BeforeVariadic<N>> extends infer Head extends readonly unknown[]
    ?
        | [...head: Head, ...list: ElementOf<Argument<Doc, VariadicEntry<N>>>[]]
        | (VariadicEntry<N> extends `**${string}`
            ? never
            : [...head: Head, list: Argument<Doc, VariadicEntry<N>>])
        | VariadicWithOptions<Doc, N, Head, AfterVariadic<N>>
        | [...head: Head, options: Options<Doc, [VariadicEntry<N>]> & Options<Doc, AfterVariadic<N>>]
        | (Head extends readonly [] ? never : Closed<Doc, N, [], []>)
        | WithOptions<Doc, N, Head>
    : never;

/** A function that is called by the one rule. */
export interface Call<Doc, N extends Names, P extends readonly unknown[], R> {
  (...args: CallArguments<Doc, N, P>): R;
  /** The same by position alone, unchecked: for layers, whose settings have been checked already. (Declared for the types of methods.) */
  direct(...args: P): R;
}

/** A call with results of several types: the first form that fits counts. */
export type Forms<A, B, C = B> = A & B & C & { readonly forms?: readonly [A, B, C] };

/** The positions with another type for one of them; labels stay. */
type Narrowed<N extends Names, P extends readonly unknown[], Key, Value> = {
  [Index in keyof P]: Index extends keyof N ? (NameOf<N[Index]> extends Key ? Value : P[Index]) : P[Index];
};

/** A call that gives `On` when its switch is true, `Off` when it is left out or false. */
export type ByFlag<
  Doc,
  Flag extends keyof Doc,
  N extends Names,
  P extends readonly unknown[],
  Off,
  On,
> = Forms<
  Call<Doc & { [Key in Flag]?: false }, N, Narrowed<N, P, Flag, false | undefined>, Off>,
  Call<Doc & { [Key in Flag]: true }, N, Narrowed<N, P, Flag, true>, On>,
  Call<Doc, N, P, Off | On>
>;

/** A list without its first element; labels stay. */
export type WithoutFirst<List extends readonly unknown[]> = List extends readonly [unknown, ...infer Others]
  ? Others
  : never;

/** A table's list without its first name. */
export type OtherNames<N extends Names> = N extends readonly [string, ...infer Left extends Names]
  ? Left
  : never;

/** A call as a method: without its first argument, which is the tensor itself. */
export type MethodOf<F> = F extends { readonly forms?: readonly [infer A, infer B, infer C] }
  ? unknown extends A
    ? PlainMethodOf<F>
    : Forms<PlainMethodOf<A>, PlainMethodOf<B>, PlainMethodOf<C>>
  : PlainMethodOf<F>;
type PlainMethodOf<F> =
  F extends Call<infer Doc, infer N, infer P, infer R> ? Call<Doc, OtherNames<N>, WithoutFirst<P>, R> : never;

/** What an argument of each kind may be; null is always left to the interface. */
interface KindTypes {
  boolean: boolean;
  number: number;
  scalar: number | boolean | bigint;
  integer: number;
  integers: number | readonly number[];
  list: readonly number[];
  dtype: string;
  device: string;
  any: unknown;
}
type KindOf<Entry> = Entry extends `${string}:${infer Kind}|null`
  ? Kind
  : Entry extends `${string}:${infer Kind}`
    ? Kind
    : "any";

type IsOptional<Doc, Key extends keyof Doc> = Record<never, never> extends Pick<Doc, Key> ? true : false;

/** What is wrong with an entry of a table: no list has it, so that the compiler shows the text. */
interface Problem<Text extends string> {
  readonly problem: Text;
}

/** An entry, or what keeps it from fitting its documentation. */
type CheckedEntry<Doc, Entry> =
  NameOf<Entry> extends keyof Doc
    ? IsOptional<Doc, NameOf<Entry>> extends (
        Entry extends `*${string}` | `${string}?${string}`
          ? true
          : false
      )
      ? KindOf<Entry> extends keyof KindTypes
        ? NonNullable<Doc[NameOf<Entry>]> extends KindTypes[KindOf<Entry>]
          ? Entry
          : Problem<`${NameOf<Entry> & string} is documented with another type than its kind`>
        : Problem<`there is no such kind: ${KindOf<Entry> & string}`>
      : Problem<`${NameOf<Entry> & string} may be left out in one place only: the interface or the list`>
    : Problem<`${NameOf<Entry> & string} is not documented`>;

/** The list of names if it fits the interface: each name documented, optional in both, of the right kind. */
export type CheckedNames<Doc, N extends Names> = [Exclude<keyof Doc, NameOf<N[number]>>] extends [never]
  ? { readonly [Index in keyof N]: CheckedEntry<Doc, N[Index]> }
  : Problem<`missing in the list: ${Exclude<keyof Doc, NameOf<N[number]>> & string}`>;
