/** Register a host: the very command to paste on the machine that shall serve. */
import { ask } from "./api.js"
import { byId, copyButton, element, field, fill, onSubmit } from "./dom.js"
import { count, perMillion } from "./format.js"

const backends = [
  ["openai", "A server with the OpenAI API: vLLM, SGLang, TGI, llama.cpp, Ollama, LM Studio"],
  ["huggingface", "Hugging Face Transformers: the agent starts `transformers serve`"],
  ["langchain", "A LangServe endpoint"],
  ["worker", "My own server with POST /generate"],
  ["simulated", "None: simulated, to try the market without a GPU"],
]

const endpoints = {
  openai: "http://127.0.0.1:8000/v1",
  langchain: "http://127.0.0.1:8000/chain",
  worker: "http://127.0.0.1:8000/generate",
}

export const showRegister = () => {
  void build(byId("register"))
}

const build = async (place) => {
  const [{ models }, { account }, agent] = await Promise.all([
    ask("GET", "market").catch(() => ({ models: [] })),
    ask("GET", "session").catch(() => ({ account: null })),
    // A gateway that runs from its sources has none to hand out.
    ask("GET", "agent").catch(() => undefined),
  ])
  let key
  const backend = element(
    "select",
    {},
    backends.map(([value, title]) => element("option", { value }, title)),
  )
  const endpoint = element("input", { type: "url", spellcheck: "false", value: endpoints.openai })
  const endpointField = field("Where does it listen?", endpoint, "As the host itself reaches it.")
  const system = element(
    "select",
    {},
    Object.keys(checkers).map((title) => element("option", { value: title }, title)),
  )
  const name = element("input", {
    type: "text",
    maxlength: "100",
    placeholder: "the machine's name",
  })
  const choices = models.map((listed) => {
    const { model } = listed
    const price =
      listed.kind === "embedding" ? listed.input_price_per_token : listed.output_price_per_token
    const box = element("input", { type: "checkbox", value: model })
    return {
      box,
      line: element(
        "label",
        { class: "choice" },
        box,
        element(
          "span",
          {},
          model,
          element("small", {}, `${perMillion(price)} credits a million tokens`),
        ),
      ),
    }
  })
  const command = element("code", { tabindex: "0", "aria-label": "The command" })
  const update = () => {
    endpointField.hidden = !Object.hasOwn(endpoints, backend.value)
    command.textContent = commandOf({
      url: new URL(".", document.baseURI).href.replace(/\/$/, ""),
      key,
      agent,
      checker: checkers[system.value],
      backend: backend.value,
      endpoint: endpointField.hidden ? "" : endpoint.value.trim(),
      name: name.value.trim(),
      models: choices.filter(({ box }) => box.checked).map(({ box }) => box.value),
    })
  }
  backend.addEventListener("change", () => {
    endpoint.value = endpoints[backend.value] ?? ""
    update()
  })
  const form = element(
    "form",
    { class: "panel", input: update, submit: (event) => event.preventDefault() },
    field("What runs the models?", backend),
    endpointField,
    element(
      "fieldset",
      {},
      element("legend", {}, "Models"),
      choices.length === 0
        ? element("p", { class: "empty" }, "The market lists no models yet.")
        : [
            element(
              "p",
              {},
              element("small", {}, "None chosen: all models of your server that the market lists."),
            ),
            choices.map(({ line }) => line),
          ],
    ),
    field("What shall the host be called?", name),
    agent === undefined ? undefined : field("What does it run on?", system),
  )
  fill(
    place,
    element(
      "p",
      {},
      "Needed: Node.js 20 or later on the host, and a model server or a GPU. The agent finds out what the machine is, measures what it does, and serves until you stop it.",
    ),
    form,
    element("h2", {}, "Paste this on the host"),
    keyPanel(account, name, (made) => {
      key = made
      update()
    }),
    element(
      "div",
      { class: "panel command" },
      element("pre", {}, command),
      copyButton(() => command.textContent, "Copy the command"),
    ),
    element(
      "p",
      {},
      element(
        "small",
        {},
        agent === undefined
          ? "With --dry-run at its end it only shows what it would register."
          : `The first two lines fetch the agent from this gateway (version ${agent.version}, one file of ${count(agent.bytes / 1000)} kB) and go on only if it is the very file that this page knows. With --dry-run at its end the command only shows what it would register.`,
      ),
    ),
  )
  update()
}

/** A key of its own for each host, so that one that is lost can be ended by itself. */
const keyPanel = (account, name, use) => {
  if (account === null)
    return element(
      "p",
      { class: "panel" },
      element("a", { href: "#account" }, "Sign in or open an account"),
      " to have a key put into the command, or write yours in place of sk_live_YOUR_KEY.",
    )
  const form = element(
    "form",
    { class: "panel" },
    element(
      "p",
      {},
      `The host registers under your account, “${account.name}”, with a key of its own.`,
    ),
    element("button", { type: "submit" }, "Make a key and put it into the command"),
  )
  return onSubmit(form, async () => {
    const host = name.value.trim()
    const made = await ask("POST", "account/keys", {
      name: host === "" ? "a host" : `host ${host}`.slice(0, 100),
    })
    use(made.api_key)
    fill(
      form,
      element(
        "p",
        {},
        "The command holds a new key of your account: keep it to yourself. “My account” lists it, and can end it.",
      ),
    )
  })
}

/** For a POSIX shell: nothing of what is given is anything but text to it. */
const quoted = (text) =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`

/** What checks a list of checksums, by system. */
const checkers = { Linux: "sha256sum -c -", macOS: "shasum -a 256 -c -" }

/** The agent comes from the gateway itself, and runs only as the file that it hands out. */
const fetching = (url, { file, sha256 }, checker) => [
  `curl -fsSo ${file} ${quoted(`${url}/agent/${file}`)} && \\\n`,
  `echo "${sha256}  ${file}" | ${checker} && \\\n`,
]

const commandOf = ({ url, key, agent, checker, backend, endpoint, name, models }) => {
  const words = [
    `EVENKEEL_KEY=${key === undefined ? "sk_live_YOUR_KEY" : quoted(key)}`,
    agent === undefined ? "npx evenkeel agent" : `node ${agent.file}`,
    `--url ${quoted(url)}`,
    `--backend ${backend}`,
    ...(endpoint === "" ? [] : [`--endpoint ${quoted(endpoint)}`]),
    ...models.map((model) => `--model ${quoted(model)}`),
    ...(name === "" ? [] : [`--name ${quoted(name)}`]),
  ].join(" \\\n  ")
  return [...(agent === undefined ? [] : fetching(url, agent, checker)), words].join("")
}
