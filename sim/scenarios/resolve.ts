/**
 * From what was written to what is run: a scenario's tree laid over the one that it extends, its
 * economy derived from a preset, and the whole checked against the schema.
 */
import { Either, ParseResult, Schema, SchemaAST } from "effect"
import { deriveEconomy, economies } from "../../engine/index.ts"
import { devices } from "../fleet/devices.ts"
import type { Tree } from "./assign.ts"
import { isTree } from "./assign.ts"
import { Scenario } from "./schema.ts"
import type { ScenarioIssue } from "./scenario-error.ts"
import { ScenarioInvalid } from "./scenario-error.ts"

/** Groups are merged key by key; everything else, lists included, is replaced. */
export const overlay = (base: unknown, top: unknown): unknown =>
  isTree(base) && isTree(top)
    ? {
        ...base,
        ...Object.fromEntries(
          Object.entries(top).map(([key, value]) => [key, overlay(base[key], value)]),
        ),
      }
    : top

/**
 * `economy` is a preset's name, or knobs laid over the preset that `extends` names (`pooled` where it
 * names none).
 */
const resolveEconomy = (written: unknown, source: string) => {
  const patch = isTree(written) ? written : { extends: written }
  const { extends: name = "pooled", ...knobs } = patch
  const preset =
    typeof name === "string" && Object.hasOwn(economies, name) ? economies[name] : undefined
  if (preset === undefined)
    return Either.left(
      new ScenarioInvalid({
        source,
        issues: [
          {
            path: "economy",
            message: `no economy is called ${JSON.stringify(name)}; there are ${Object.keys(economies).join(", ")}`,
          },
        ],
      }),
    )
  return deriveEconomy(preset, knobs).pipe(
    Either.mapLeft(({ issues }) => new ScenarioInvalid({ source, issues })),
  )
}

const decode = Schema.decodeUnknownEither(Scenario, { errors: "all", onExcessProperty: "error" })

/** Checks a whole tree and makes it a scenario. */
export const resolve = (tree: Tree, source: string): Either.Either<Scenario, ScenarioInvalid> =>
  Either.flatMap(resolveEconomy(tree["economy"], source), (economy) =>
    Either.mapLeft(
      decode({ ...tree, economy }),
      (error) => new ScenarioInvalid({ source, issues: issuesOf(error) }),
    ),
  ).pipe(Either.flatMap((scenario) => checkTogether(scenario, source)))

const issuesOf = (error: ParseResult.ParseError) =>
  ParseResult.ArrayFormatter.formatErrorSync(error)
    // Of what may be null as well, only what is wrong with the rest says anything.
    .filter(({ message }, _, all) => all.length === 1 || !message.startsWith("Expected null, "))
    .map(({ _tag, path, message }) => ({
      path: path.map(String).join("."),
      message:
        _tag === "Unexpected"
          ? `no such setting; allowed here: ${allowedAt(path.slice(0, -1)).join(", ")}`
          : _tag === "Missing"
            ? "is missing"
            : message,
    }))

/** The settings that the schema knows at a path. */
const allowedAt = (path: ReadonlyArray<PropertyKey>): ReadonlyArray<string> => {
  let ast: SchemaAST.AST | undefined = Scenario.ast
  for (const key of path) ast = ast === undefined ? undefined : below(ast, key)
  const group = ast === undefined ? undefined : groupOf(ast)
  return group === undefined ? [] : group.propertySignatures.map(({ name }) => String(name))
}

/** What the schema says below a setting. All entries of a list are alike. */
const below = (ast: SchemaAST.AST, key: PropertyKey): SchemaAST.AST | undefined =>
  SchemaAST.isTupleType(ast)
    ? [...ast.elements, ...ast.rest][0]?.type
    : groupOf(ast)?.propertySignatures.find(({ name }) => name === key)?.type

/** The settings that stand together in a group, whether the group may be null or not. */
const groupOf = (ast: SchemaAST.AST): SchemaAST.TypeLiteral | undefined => {
  if (SchemaAST.isTypeLiteral(ast)) return ast
  if (SchemaAST.isRefinement(ast)) return groupOf(ast.from)
  return SchemaAST.isUnion(ast) ? ast.types.find(SchemaAST.isTypeLiteral) : undefined
}

/** What no single setting can be wrong about. */
const checkTogether = (scenario: Scenario, source: string) => {
  const issues: Array<{ path: string; message: string }> = []
  const names = scenario.models.map(({ name }) => name)
  if (new Set(names).size < names.length)
    issues.push({ path: "models", message: "each model may be offered once" })
  if (scenario.models.every(({ popularity }) => popularity === 0))
    issues.push({ path: "models", message: "at least one model needs a popularity above 0" })
  if (scenario.models.every(({ initialSupply }) => initialSupply === 0))
    issues.push({ path: "models", message: "at least one model needs an initialSupply above 0" })
  if (scenario.fleet.devices.every(({ weight }) => weight === 0))
    issues.push({ path: "fleet.devices", message: "at least one device needs a weight above 0" })
  issues.push(...fleetIssues(scenario))
  scenario.demand.flashCrowds.forEach(({ model }, index) => {
    if (model !== undefined && !names.includes(model))
      issues.push({
        path: `demand.flashCrowds.${index}.model`,
        message: `this scenario offers ${names.join(", ")}`,
      })
  })
  issues.push(...issuesOfParties(scenario))
  return issues.length === 0
    ? Either.right(scenario)
    : Either.left(new ScenarioInvalid({ source, issues }))
}

const issuesOfParties = ({ parties, models }: Scenario) => {
  const issues: Array<{ path: string; message: string }> = []
  const offered = models.map(({ name }) => name)
  const refuse = (index: number, setting: string, message: string) =>
    issues.push({ path: `parties.${index}.${setting}`, message })
  for (const [index, { name, model, machines, strategy, conduct }] of parties.entries()) {
    const { demand, splitInto, rejoinBelowHealth } = conduct
    if (parties.findIndex((one) => one.name === name) < index)
      refuse(index, "name", `another party is called ${name}`)
    if (!offered.includes(model))
      refuse(index, "model", `this scenario offers ${offered.join(", ")}`)
    if (demand !== null && !offered.includes(demand.model))
      refuse(index, "conduct.demand.model", `this scenario offers ${offered.join(", ")}`)
    if (conduct.withheldMachines > machines)
      refuse(index, "conduct.withheldMachines", `there are ${machines} machines`)
    if (splitInto > 1 && (strategy !== "stay" || rejoinBelowHealth > 0))
      refuse(index, "conduct.splitInto", "a machine that poses as several stays as it is")
  }
  return issues
}

/** Devices that are nowhere described, and profiles that stand in for what they are not. */
const fleetIssues = ({ fleet, models }: Scenario): ReadonlyArray<ScenarioIssue> => {
  const catalogue = devices.map(({ name }) => name)
  const profiled = fleet.profiles.map(({ name }) => name)
  const offered = models.map(({ name, quantisation }) => `${name} (${quantisation})`)
  const names = fleet.profiles.flatMap(({ name }, index) =>
    catalogue.includes(name) || profiled.indexOf(name) < index
      ? [
          {
            path: `fleet.profiles.${index}.name`,
            message: `${name} is ${catalogue.includes(name) ? "a device of the catalogue" : "another profile's name"}; each name stands for one device`,
          },
        ]
      : [],
  )
  const uses = fleet.devices.flatMap(({ device }, index) => {
    const path = `fleet.devices.${index}.device`
    const profile = fleet.profiles.find(({ name }) => name === device)
    if (profile === undefined)
      return catalogue.includes(device)
        ? []
        : [
            {
              path,
              message: `expected one of ${[...profiled, ...catalogue].join(", ")}, got ${JSON.stringify(device)}`,
            },
          ]
    const measured = profile.models.map(({ name, quantisation }) => `${name} (${quantisation})`)
    return measured.some((one) => offered.includes(one))
      ? []
      : [
          {
            path,
            message: `${device} was measured with ${measured.join(", ")}, and this scenario offers ${offered.join(", ")}`,
          },
        ]
  })
  return [...names, ...uses]
}
