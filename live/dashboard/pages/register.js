/** Register a host: the very command to paste on the machine that shall serve. */
import { ask, storedKey } from "./api.js"
import { byId, copyButton, element, field, fill } from "./dom.js"
import { perMillion } from "./format.js"

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
  const { models } = await ask("GET", "market").catch(() => ({ models: [] }))
  const backend = element(
    "select",
    {},
    backends.map(([value, title]) => element("option", { value }, title)),
  )
  const endpoint = element("input", { type: "url", spellcheck: "false", value: endpoints.openai })
  const endpointField = field("Where does it listen?", endpoint, "As the host itself reaches it.")
  const name = element("input", {
    type: "text",
    maxlength: "100",
    placeholder: "the machine's name",
  })
  const withKey = element("input", { type: "checkbox", checked: storedKey() !== undefined })
  withKey.disabled = storedKey() === undefined
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
      key: withKey.checked ? storedKey() : undefined,
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
    element(
      "label",
      { class: "choice" },
      withKey,
      element(
        "span",
        {},
        "Put my key into the command",
        element(
          "small",
          {},
          storedKey() === undefined
            ? "No key is known in this tab: paste it under “My account”, or write it into the command yourself."
            : "The host registers with it, and gets a key of its own.",
        ),
      ),
    ),
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
        "With --dry-run at its end it only shows what it would register. Where it holds your key, keep the command to yourself.",
      ),
    ),
  )
  update()
}

/** For a POSIX shell: nothing of what is given is anything but text to it. */
const quoted = (text) =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`

const commandOf = ({ url, key, backend, endpoint, name, models }) =>
  [
    `EVENKEEL_KEY=${key === undefined ? "sk_live_YOUR_KEY" : quoted(key)}`,
    "npx evenkeel agent",
    `--url ${quoted(url)}`,
    `--backend ${backend}`,
    ...(endpoint === "" ? [] : [`--endpoint ${quoted(endpoint)}`]),
    ...models.map((model) => `--model ${quoted(model)}`),
    ...(name === "" ? [] : [`--name ${quoted(name)}`]),
  ].join(" \\\n  ")
