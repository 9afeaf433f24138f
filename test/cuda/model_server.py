"""A model server for one GPU: OpenAI's streaming API over the Python standard library and PyTorch.

The model is of the Llama architecture. With --weights PATH it is a local folder of Hugging Face
Transformers; without, its weights are random and made on the spot, so that nothing is downloaded: the
GPU does the same work for them. All sequences advance together, one token a step (continuous
batching): a new one is read into its row of the key-value cache, a finished or abandoned one leaves
its row to the next.

With random weights there is no tokenizer: a token id stands for one of the words below, each of which
is one token, with the space before it, in the tokenizers that gateways count with.

On start it prints one JSON line: {"port": ..., "device": ..., "model": ..., "parameters": ...}.
Beside the API it answers GET /health and GET /stats.
"""

import argparse
import json
import queue
import select
import socket
import sys
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import torch
import torch.nn.functional as F
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM

WORDS = (
    "river stone market light engine garden winter signal paper bridge music ocean field copper window "
    "letter valley answer harbour morning ledger token current balance summer circle number thread "
    "mountain forest silver table journey season simple steady quiet open early second local common "
    "general little single human natural public"
).split()

SIZES = {
    # Like Llama 3.2 1B, and one that a processor can run.
    "1b": dict(hidden_size=2048, intermediate_size=8192, num_hidden_layers=16, num_attention_heads=32,
               num_key_value_heads=8, vocab_size=128256),
    "tiny": dict(hidden_size=64, intermediate_size=128, num_hidden_layers=2, num_attention_heads=4,
                 num_key_value_heads=2, vocab_size=512),
}


def load_model(weights, size, device, dtype, seed):
    """A Transformers model of the Llama architecture, and its tokenizer if it has one."""
    if weights is not None:
        model = AutoModelForCausalLM.from_pretrained(weights, local_files_only=True)
        tokenizer = AutoTokenizer.from_pretrained(weights, local_files_only=True)
    else:
        torch.manual_seed(seed)
        config = LlamaConfig(max_position_embeddings=8192, rms_norm_eps=1e-5, tie_word_embeddings=True,
                             **SIZES[size])
        # Made where they are used: a billion random numbers take a processor a while.
        with torch.device(device):
            model = LlamaForCausalLM(config)
        tokenizer = None
    if model.config.model_type != "llama":
        sys.exit(f"{weights}: a model of type {model.config.model_type}; this server runs llama only")
    return model.to(device=device, dtype=dtype).eval(), tokenizer


class Llama:
    """The forward pass on a key-value cache of fixed rows, written out so that rows are independent."""

    def __init__(self, model, rows, length):
        config = model.config
        self.model = model
        self.heads = config.num_attention_heads
        self.kv_heads = config.num_key_value_heads
        self.head_size = model.model.layers[0].self_attn.q_proj.out_features // self.heads
        self.length = length
        weight = model.model.embed_tokens.weight
        self.device, self.dtype = weight.device, weight.dtype
        shape = (rows, self.kv_heads, length, self.head_size)
        layers = len(model.model.layers)
        self.keys = [torch.zeros(shape, device=self.device, dtype=self.dtype) for _ in range(layers)]
        self.values = [torch.zeros(shape, device=self.device, dtype=self.dtype) for _ in range(layers)]
        rotary = model.model.rotary_emb
        angles = torch.outer(torch.arange(length, device=self.device, dtype=torch.float32),
                             rotary.inv_freq.to(device=self.device, dtype=torch.float32))
        scale = getattr(rotary, "attention_scaling", 1.0)
        self.cos = (angles.cos() * scale).repeat(1, 2).to(self.dtype)
        self.sin = (angles.sin() * scale).repeat(1, 2).to(self.dtype)

    def rotated(self, x, positions):
        """Rotary position embedding; x: [rows, heads, tokens, head size], positions: [rows, tokens]."""
        cos, sin = self.cos[positions].unsqueeze(1), self.sin[positions].unsqueeze(1)
        left, right = x.chunk(2, dim=-1)
        return x * cos + torch.cat((-right, left), dim=-1) * sin

    @torch.inference_mode()
    def forward(self, tokens, rows, positions):
        """Logits after the last token of each row; tokens and positions: [rows, tokens]."""
        count, width = tokens.shape
        reach = int(positions.max()) + 1
        # A token sees itself and what came before it.
        seen = torch.arange(reach, device=self.device)[None, None, None, :] <= positions[:, None, :, None]
        x = self.model.model.embed_tokens(tokens)
        for index, layer in enumerate(self.model.model.layers):
            attention = layer.self_attn
            h = layer.input_layernorm(x)
            split = lambda y, heads: y.view(count, width, heads, self.head_size).transpose(1, 2)
            q = self.rotated(split(attention.q_proj(h), self.heads), positions)
            k = self.rotated(split(attention.k_proj(h), self.kv_heads), positions)
            v = split(attention.v_proj(h), self.kv_heads)
            at = (rows[:, None], slice(None), positions)
            self.keys[index][at] = k.transpose(1, 2)
            self.values[index][at] = v.transpose(1, 2)
            past = lambda cache: cache[rows, :, :reach].repeat_interleave(self.heads // self.kv_heads, dim=1)
            out = F.scaled_dot_product_attention(q, past(self.keys[index]), past(self.values[index]),
                                                 attn_mask=seen)
            x = x + attention.o_proj(out.transpose(1, 2).reshape(count, width, -1))
            x = x + layer.mlp(layer.post_attention_layernorm(x))
        return self.model.lm_head(self.model.model.norm(x[:, -1]))


class Sequence:
    """One answer under way. Pieces go to `pieces`; None ends them."""

    def __init__(self, ids, most, temperature):
        self.ids = ids
        self.most = most
        self.temperature = temperature
        self.pieces = queue.Queue()
        self.made = []
        self.reason = None
        self.is_abandoned = False


class Engine(threading.Thread):
    """Advances all sequences by one token a step, for as long as there are any."""

    def __init__(self, llama, tokenizer, rows):
        super().__init__(daemon=True)
        self.llama, self.tokenizer = llama, tokenizer
        self.free = list(range(rows))
        self.waiting, self.active = [], {}
        self.changed = threading.Condition()
        self.steps = self.tokens = 0
        self.idle_since = time.time()
        stop = getattr(llama.model.generation_config, "eos_token_id", None) if tokenizer else None
        self.stops = set(stop if isinstance(stop, list) else [] if stop is None else [stop])

    def submit(self, sequence):
        with self.changed:
            self.waiting.append(sequence)
            self.changed.notify()

    def run(self):
        while True:
            with self.changed:
                while not self.waiting and not self.active:
                    self.changed.wait()
                admitted = [(self.free.pop(), self.waiting.pop(0))
                            for _ in range(min(len(self.free), len(self.waiting)))]
            for row, sequence in admitted:
                self.begin(row, sequence)
            self.leave()
            if self.active:
                self.step()
                self.leave()

    def begin(self, row, sequence):
        self.active[row] = sequence
        if sequence.is_abandoned:
            return
        ids = torch.tensor([sequence.ids], device=self.llama.device)
        positions = torch.arange(len(sequence.ids), device=self.llama.device)[None]
        rows = torch.tensor([row], device=self.llama.device)
        self.take([(row, sequence)], self.llama.forward(ids, rows, positions))

    def step(self):
        batch = list(self.active.items())
        device = self.llama.device
        tokens = torch.tensor([[one.made[-1]] for _, one in batch], device=device)
        rows = torch.tensor([row for row, _ in batch], device=device)
        positions = torch.tensor([[len(one.ids) + len(one.made) - 1] for _, one in batch], device=device)
        self.take(batch, self.llama.forward(tokens, rows, positions))
        self.steps += 1

    def take(self, batch, logits):
        heat = torch.tensor([max(one.temperature, 1e-4) for _, one in batch], device=logits.device)
        odds = torch.softmax(logits.float() / heat[:, None], dim=-1)
        for (_, sequence), token in zip(batch, torch.multinomial(odds, 1).squeeze(1).tolist()):
            self.tokens += 1
            if token in self.stops:
                sequence.reason = "stop"
                continue
            sequence.made.append(token)
            sequence.pieces.put(self.text_of(sequence))
            if len(sequence.made) >= sequence.most:
                sequence.reason = "length"

    def text_of(self, sequence):
        """The text that the last token adds."""
        if self.tokenizer is None:
            return " " + WORDS[sequence.made[-1] % len(WORDS)]
        before = self.tokenizer.decode(sequence.made[:-1], skip_special_tokens=True)
        after = self.tokenizer.decode(sequence.made, skip_special_tokens=True)
        # Half of a character shows as a replacement: it waits for the other half.
        return "" if after.endswith("\ufffd") else after[len(before.rstrip("\ufffd")):]

    def leave(self):
        over = [(row, one) for row, one in self.active.items() if one.reason or one.is_abandoned]
        for row, sequence in over:
            del self.active[row]
            sequence.pieces.put(None)
        with self.changed:
            self.free.extend(row for row, _ in over)
            self.waiting = [one for one in self.waiting if not one.is_abandoned]
            if over and not self.active and not self.waiting:
                self.idle_since = time.time()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Set by main.
    engine = name = facts = None

    def log_message(self, *_):
        pass

    def send_json(self, status, body):
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def do_GET(self):
        engine = self.engine
        if self.path == "/health":
            self.send_json(200, {"status": "ok"})
        elif self.path == "/v1/models":
            self.send_json(200, {"object": "list", "data": [{"id": self.name, "object": "model"}]})
        elif self.path == "/stats":
            self.send_json(200, {"active": len(engine.active) + len(engine.waiting), "steps": engine.steps,
                                 "tokens": engine.tokens, "idle_since_unix_seconds": engine.idle_since,
                                 **self.facts()})
        else:
            self.send_json(404, {"error": {"message": f"no route {self.path}"}})

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if self.path != "/v1/chat/completions":
            return self.send_json(404, {"error": {"message": f"no route {self.path}"}})
        try:
            asked = json.loads(body)
            ids = self.ids_of(asked["messages"])
            most = int(asked.get("max_completion_tokens") or asked.get("max_tokens") or 256)
        except (ValueError, KeyError, TypeError) as error:
            return self.send_json(400, {"error": {"message": f"{type(error).__name__}: {error}"}})
        room = self.engine.llama.length - len(ids)
        if room < 1 or most < 1:
            return self.send_json(400, {"error": {"message": f"{len(ids)} tokens leave no room for an answer"}})
        sequence = Sequence(ids, min(most, room), float(asked.get("temperature", 1.0) or 0.0))
        self.engine.submit(sequence)
        (self.stream if asked.get("stream") else self.whole)(sequence)

    def ids_of(self, messages):
        tokenizer = self.engine.tokenizer
        if tokenizer is not None and tokenizer.chat_template is not None:
            made = tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
            return tokenizer(made, add_special_tokens=False)["input_ids"]
        text = "\n".join(str(message.get("content", "")) for message in messages)
        if tokenizer is not None:
            return tokenizer(text)["input_ids"]
        return list(text.encode()) or [0]

    def head(self, kind):
        return {"id": f"chatcmpl-{uuid.uuid4().hex}", "object": kind, "created": int(time.time()),
                "model": self.name}

    def usage(self, sequence):
        prompt, completion = len(sequence.ids), len(sequence.made)
        return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}

    def whole(self, sequence):
        text = "".join(piece for piece in iter(sequence.pieces.get, None))
        choice = {"index": 0, "message": {"role": "assistant", "content": text},
                  "finish_reason": sequence.reason}
        self.send_json(200, {**self.head("chat.completion"), "choices": [choice],
                             "usage": self.usage(sequence)})

    def has_left(self):
        """Whether the client has closed its connection."""
        readable, _, _ = select.select([self.connection], [], [], 0)
        try:
            return bool(readable) and self.connection.recv(1, socket.MSG_PEEK) == b""
        except OSError:
            return True

    def stream(self, sequence):
        head = self.head("chat.completion.chunk")
        try:
            self.send_response(200)
            self.send_header("content-type", "text/event-stream")
            self.send_header("connection", "close")
            self.end_headers()
            self.close_connection = True
            while True:
                try:
                    piece = sequence.pieces.get(timeout=0.005)
                except queue.Empty:
                    piece = ""
                if self.has_left():
                    return
                if piece is None:
                    break
                if piece != "":
                    self.event({**head, "choices": [{"index": 0, "delta": {"content": piece},
                                                     "finish_reason": None}]})
            self.event({**head, "choices": [{"index": 0, "delta": {}, "finish_reason": sequence.reason}]})
            self.event({**head, "choices": [], "usage": self.usage(sequence)})
            self.wfile.write(b"data: [DONE]\n\n")
        except OSError:
            pass
        finally:
            sequence.is_abandoned = True

    def event(self, chunk):
        self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
        self.wfile.flush()


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256


def check(llama):
    """The forward pass above against the one of Transformers: the same next tokens, row by row."""
    prompts = [[1, 2, 3, 4, 5], [9, 8, 7], [11, 12, 13, 14, 15, 16, 17]]
    device = llama.device
    with torch.inference_mode():
        for row, prompt in enumerate(prompts):
            ids = torch.tensor([prompt], device=device)
            ours = llama.forward(ids, torch.tensor([row], device=device),
                                 torch.arange(len(prompt), device=device)[None])
            theirs = llama.model(ids).logits[:, -1]
            assert torch.allclose(ours, theirs, atol=1e-3), (ours - theirs).abs().max()
        rows = torch.tensor([0, 1, 2], device=device)
        ends = torch.tensor([[len(prompt)] for prompt in prompts], device=device)
        ours = llama.forward(torch.tensor([[21], [22], [23]], device=device), rows, ends)
        for row, prompt in enumerate(prompts):
            theirs = llama.model(torch.tensor([prompt + [21 + row]], device=device)).logits[:, -1]
            assert torch.allclose(ours[row:row + 1], theirs, atol=1e-3), (ours[row] - theirs).abs().max()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--weights", help="local folder of a Llama model; default: random weights")
    parser.add_argument("--size", choices=SIZES, default="1b", help="of the model with random weights")
    parser.add_argument("--cpu", action="store_true", help="on the processor, for trying this out")
    parser.add_argument("--rows", type=int, default=64, help="sequences at once")
    parser.add_argument("--length", type=int, default=2048, help="longest prompt and answer together")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--check", action="store_true", help="compare with Transformers, and end")
    given = parser.parse_args()
    if not given.cpu and not torch.cuda.is_available():
        sys.exit("PyTorch sees no GPU here; --cpu runs on the processor")
    device = "cpu" if given.cpu else "cuda"
    dtype = torch.float32 if given.cpu or given.check else torch.bfloat16
    model, tokenizer = load_model(given.weights, given.size, device, dtype, given.seed)
    llama = Llama(model, given.rows, given.length)
    if given.check:
        check(llama)
        return print("the same as Transformers")
    engine = Engine(llama, tokenizer, given.rows)
    # The first passes choose and compile kernels; nobody is to wait for that.
    warm = Sequence([1, 2, 3], 8, 1.0)
    engine.start()
    engine.submit(warm)
    for _ in iter(warm.pieces.get, None):
        pass
    Handler.engine = engine
    Handler.name = given.weights.rstrip("/").split("/")[-1] if given.weights else f"random-llama-{given.size}"
    Handler.facts = staticmethod(
        lambda: {} if given.cpu else {"memory_allocated_bytes": torch.cuda.memory_allocated()})
    server = Server(("127.0.0.1", given.port), Handler)
    import transformers
    print(json.dumps({
        "port": server.server_address[1],
        "device": torch.cuda.get_device_name() if device == "cuda" else "cpu",
        "model": Handler.name,
        "has_random_weights": given.weights is None,
        "parameters": sum(one.numel() for one in model.parameters()),
        "dtype": str(dtype).removeprefix("torch."),
        "rows": given.rows,
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
        "transformers": transformers.__version__,
    }), flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
