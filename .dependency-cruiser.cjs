/**
 * The plan of the house, checked: `npm run layers`. Which room may use which is described in
 * CONTRIBUTING.md; a rule's comment is what its breaker reads.
 */

// Where files, databases, processes and servers are really touched. Imports of @effect/platform*
// stay here, so that a move to Effect 4, which merges these packages, touches few files.
const REALLY_DOES_IO = [
  "^examples/",
  "^(evenkeel|commands)\\.ts$",
  "^platform/",
  "^sim/results/",
  "^sim/scenarios/",
  "^sim/fleet/fit\\.ts$",
  "^sim/demand/fit-sizes\\.ts$",
  "^sim/(experiment|cli)/",
  "^sim/[^/]+-worker\\.ts$",
  "^reports/(write-report|write-file|report-command|claims/write-claims|comparison/write-comparison|runs/write-runs)\\.ts$",
  "^live/",
  "^examples/",
  "^test/",
]

const ENTRIES = [
  "^evenkeel\\.ts$",
  "^(engine|schedules|sim|live|reports)/index\\.ts$",
  "^live/client\\.ts$",
  "^live/agent/agent-program\\.ts$",
  "^sim/fleet/fit\\.ts$",
  "^sim/demand/fit-sizes\\.ts$",
  "^sim/(worker|[^/]+-worker)\\.ts$",
  "^test/bench/(live/)?[^/]+\\.ts$",
  "^live/dashboard/pages/",
  "^test/live/dashboard/look-at-page\\.js$",
  "\\.test\\.ts$",
  "^vitest\\.config\\.ts$",
]

/** The rooms of the kernel: each may use those that it names, and what they use; those of its market below them. */
const ENGINE_ROOMS = {
  core: [],
  protocol: ["core"],
  machines: ["core"],
  rules: ["protocol", "machines"],
  economy: ["rules"],
  ledger: ["protocol"],
  market: ["economy", "ledger"],
}
const MARKET_ROOMS = {
  state: [],
  reputation: ["state"],
  sla: ["state"],
  admission: ["reputation", "sla"],
  pricing: ["admission"],
  batches: ["pricing"],
  queue: ["pricing"],
  payout: ["batches"],
  listings: ["queue"],
  ratings: ["admission"],
  swarms: ["listings"],
  quality: ["payout"],
  bookings: ["listings", "payout", "ratings", "sla", "swarms"],
  contracts: ["bookings"],
  accounts: ["bookings", "queue"],
  presence: ["contracts", "pricing"],
  requests: ["presence", "quality"],
}

/** The rooms of live/, likewise. */
const LIVE_ROOMS = {
  config: [],
  http: ["config"],
  protocol: ["http"],
  store: ["protocol"],
  driver: ["store"],
  directory: ["driver"],
  views: ["directory"],
  gateway: ["views"],
  hosts: ["views"],
  accounts: ["views"],
  operations: ["views"],
  dashboard: ["views"],
  batches: ["gateway"],
  analytics: [],
  hours: ["hosts", "analytics"],
  agent: ["protocol"],
  cli: ["agent"],
  replay: ["store"],
  start: ["batches", "hours", "accounts", "operations", "dashboard"],
}

const usedBy = (rooms, room) => rooms[room].flatMap((one) => [one, ...usedBy(rooms, one)])

const roomRules = (house, rooms) =>
  Object.keys(rooms).map((room) => {
    const allowed = [room, ...new Set(usedBy(rooms, room))]
    return {
      name: `${house.replace("/", "-")}-${room}-imports-rooms-below`,
      comment: `${house}/${room}/ uses of ${house} ${allowed.join(", ")}; what two rooms side by side share belongs below both.`,
      severity: "error",
      from: { path: `^${house}/${room}/` },
      to: { path: `^${house}/`, pathNot: `^${house}/(${allowed.join("|")})/` },
    }
  })

// The rooms of the simulator: each may use those above it, and none below.
const SIM_ROOMS = [
  "kernel",
  "statistics",
  "results",
  "settings",
  "agents",
  "fleet",
  "scenarios",
  "demand",
  "recording",
  "metrics",
  "summary",
  "driver",
  "experiment",
  "sweep",
  "claims",
  "calibration",
  "validation",
  "cli",
]

const simRoomsInOrder = SIM_ROOMS.map((room, index) => ({
  name: `sim-${room}-knows-no-later-room`,
  comment: `What sim/${room} needs of a later room belongs to itself or further up: ${SIM_ROOMS.join(", ")}.`,
  severity: "error",
  from: { path: `^sim/${room}/` },
  to: {
    path: ["^sim/[^/]+\\.ts$", ...SIM_ROOMS.slice(index + 1).map((later) => `^sim/${later}/`)],
  },
}))

/** @type {import("dependency-cruiser").IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: "engine-imports-effect-and-seedrandom-only",
      comment:
        "The kernel is rules without input, output or clock: `effect`, `seedrandom`, itself.",
      severity: "error",
      from: { path: "^engine/" },
      to: { pathNot: ["^engine/", "^node_modules/(effect|seedrandom|@types/seedrandom)/"] },
    },
    {
      name: "platform-imports-engine-only",
      comment:
        "What both drivers need of the machine: it takes its words from `engine` and knows neither driver.",
      severity: "error",
      from: { path: "^platform/" },
      to: { path: "^((evenkeel|commands)\\.ts$|sim/|live/|reports/|test/)" },
    },
    {
      name: "schedules-import-effect-and-temporal-only",
      comment:
        "Schedules are pure: `effect`, `temporal-polyfill`, the kernel's settings, and the search for what a mistyped name meant.",
      severity: "error",
      from: { path: "^schedules/" },
      to: {
        pathNot: [
          "^schedules/",
          "^engine/index\\.ts$",
          "^platform/terminal/closest\\.ts$",
          "^node_modules/(effect|temporal-(polyfill|spec|utils))/",
        ],
      },
    },
    {
      name: "time-zones-in-schedules-only",
      comment:
        "What needs a zone's clock asks `schedules`, so that native Temporal has one place to go to.",
      severity: "error",
      from: { pathNot: "^(test/)?schedules/" },
      to: { path: "(^|/)node_modules/temporal-" },
    },
    {
      name: "schedules-serve-both-drivers",
      comment:
        "`sim` and `live` take instants from `schedules/index.ts`; nothing else knows schedules.",
      severity: "error",
      from: { pathNot: "^(test/)?schedules/" },
      to: { path: "^schedules/", pathNot: "^schedules/index\\.ts$" },
    },
    {
      name: "schedules-are-for-drivers",
      comment:
        "The kernel, reports and the rest see instants only: let `sim` or `live` hand them over.",
      severity: "error",
      from: { pathNot: "^((test/)?schedules|sim|live|test)/" },
      to: { path: "^schedules/" },
    },
    {
      name: "sim-imports-engine-and-platform-only",
      comment:
        "The simulator drives the kernel; of the project it uses `engine`, `platform`, `schedules` and itself.",
      severity: "error",
      from: { path: "^sim/" },
      to: { path: "^(live|reports)/" },
    },
    {
      name: "live-imports-engine-and-platform-only",
      comment:
        "The live mode drives the same kernel; what it shares with `sim` belongs to `engine` or `platform`. A replay under other rules takes its intervals from the statistics, which know no simulator.",
      severity: "error",
      from: { path: "^live/", pathNot: "^live/replay/" },
      to: { path: "^(sim|reports)/" },
    },
    {
      name: "replays-import-statistics-of-sim-only",
      comment:
        "What a replay shares with the simulator otherwise belongs to `engine` or `platform`.",
      severity: "error",
      from: { path: "^live/replay/" },
      to: { path: "^(sim|reports)/", pathNot: "^sim/statistics/" },
    },
    ...roomRules("engine", ENGINE_ROOMS),
    ...roomRules("engine/market", MARKET_ROOMS),
    ...roomRules("live", LIVE_ROOMS),
    {
      name: "reports-import-results-only",
      comment:
        "A report is a function of stored results: of the project, `sim/results`, the statistics, `platform` and itself.",
      severity: "error",
      from: { path: "^reports/" },
      to: {
        path: "^((evenkeel|commands)\\.ts$|engine/|sim/|live/|test/)",
        pathNot: "^sim/(results|statistics)/",
      },
    },
    {
      name: "results-stand-alone",
      comment: "Results outlive the run that made them: their schema and store know no simulator.",
      severity: "error",
      from: { path: "^sim/results/" },
      to: { path: "^sim/", pathNot: "^sim/(results|statistics)/" },
    },
    {
      name: "nothing-imports-the-command-line",
      comment: "commands.ts joins the command groups; whatever it shares belongs to one of them.",
      severity: "error",
      from: { pathNot: "^(evenkeel\\.ts$|test/)" },
      to: { path: "^(evenkeel|commands)\\.ts$" },
    },
    {
      name: "nothing-imports-tests",
      comment: "What a test and the product both need belongs to the product.",
      severity: "error",
      from: { pathNot: "^test/" },
      to: { path: "^test/" },
    },
    {
      name: "platform-only-where-io-happens",
      comment: "Let the module take and give plain data; do the reading or writing in its caller.",
      severity: "error",
      from: { pathNot: REALLY_DOES_IO },
      to: { path: "^node_modules/@effect/(platform|sql|cli|printer)" },
    },
    {
      name: "no-cycles-of-folders",
      comment:
        "Two folders that use each other are one: let one of them own what both need, or take a plain value.",
      severity: "error",
      scope: "folder",
      from: { path: "^(engine|platform|schedules|sim|live|reports)" },
      to: { circular: true },
    },
    {
      name: "no-cycles",
      comment:
        "Two modules that import each other are one module: join them, or take out what both need.",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "sim-takes-the-kernels-public-surface-only",
      comment:
        "The simulator sends events, drains commands and reads views: what it lacks is a view of engine/index.ts.",
      severity: "error",
      from: { path: "^(sim|test/sim)/" },
      to: { path: "^engine/", pathNot: "^engine/index\\.ts$" },
    },
    ...simRoomsInOrder,
    {
      name: "no-orphans",
      comment: "Neither imported nor an entry: remove it, or use it.",
      severity: "error",
      from: { orphan: true, pathNot: [...ENTRIES, "\\.d\\.ts$", "^[^/]+\\.[cm]?js$", "^scripts/"] },
      to: {},
    },
    {
      name: "resolvable",
      comment: "The import leads nowhere.",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: "declared",
      comment:
        "The product uses packages that its dependencies name, not devDependencies or strays.",
      severity: "error",
      from: {
        path: "^((evenkeel|commands)\\.ts$|engine/|platform/|schedules/|sim/|live/|reports/)",
      },
      to: {
        dependencyTypes: ["npm-dev", "npm-no-pkg", "npm-unknown"],
        pathNot: "^node_modules/@types/",
      },
    },
  ],
  options: {
    doNotFollow: { path: "^node_modules/" },
    exclude: { path: "^(dist|out|coverage)/" },
    tsConfig: { fileName: "tsconfig.json" },
    // Imports of types count: a layer that needs another's types depends on it.
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "require", "node", "default", "types"],
      mainFields: ["module", "main", "types"],
    },
  },
}
