# WEBrick, a thread for each connection. Events are kept with the lead that they are of.
require "webrick"
require "json"
require "openssl"
require "sqlite3"
require "time"
require "uri"

PATH = "/webhooks/sendemall"
SECRET = ENV.fetch("SENDEMALL_SECRET")
KNOWN = /\A(email|campaign)\./

DB = SQLite3::Database.new(ENV.fetch("DATABASE"))
DB.busy_timeout = 5000
DB.execute_batch(<<~SQL)
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = OFF;
  CREATE TABLE IF NOT EXISTS events (
    id TEXT PRIMARY KEY, lead TEXT NOT NULL, campaign TEXT, received_at INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS effects (id TEXT NOT NULL);
  CREATE INDEX IF NOT EXISTS effects_by_id ON effects (id);
  CREATE TABLE IF NOT EXISTS totals (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS leads (
    email TEXT PRIMARY KEY, suppressed INTEGER NOT NULL DEFAULT 0, unsubscribed INTEGER NOT NULL DEFAULT 0,
    open_count INTEGER NOT NULL DEFAULT 0, sentiment TEXT, replied_at REAL NOT NULL DEFAULT 0);
SQL

# One connection to the database, for one thread at a time.
LOCK = Mutex.new
$crm_is_down = false

def update_lead(event)
  data = event["data"]
  email = data["lead_email"]
  return unless email.is_a?(String)

  DB.execute("INSERT OR IGNORE INTO leads (email) VALUES (?)", [email])
  case event["event"]
  when "email.bounced"
    DB.execute("UPDATE leads SET suppressed = 1 WHERE email = ?", [email]) if data["bounce_type"] == "hard"
  when "email.unsubscribed"
    DB.execute("UPDATE leads SET unsubscribed = 1 WHERE email = ?", [email])
    DB.execute("UPDATE leads SET suppressed = 1 WHERE email = ?", [email]) if data["suppressed_globally"] == true
  when "email.opened"
    count = data["open_count"].is_a?(Numeric) ? data["open_count"].to_i : 0
    DB.execute("UPDATE leads SET open_count = max(open_count, ?) WHERE email = ?", [count, email])
  when "email.replied"
    at = Time.iso8601(event["timestamp"]).to_f
    DB.execute(
      "UPDATE leads SET sentiment = ?, replied_at = ? WHERE email = ? AND replied_at <= ?",
      [data["reply_sentiment"]&.to_s, at, email, at]
    )
  end
end

# Does what the event asks for. Unknown types are acknowledged and ignored.
def apply(event)
  return unless KNOWN.match?(event["event"])
  raise "The CRM does not answer." if $crm_is_down

  DB.execute("INSERT INTO effects (id) VALUES (?)", [event["id"]])
  DB.execute("INSERT INTO totals VALUES (?, 1) ON CONFLICT DO UPDATE SET value = value + 1", [event["event"]])
  update_lead(event)
end

# The event's id and its effects are one transaction.
def handle(event)
  LOCK.synchronize do
    DB.transaction(:immediate) do
      lead, campaign = event["data"].values_at("lead_email", "campaign_id").map { |value| value&.to_s }
      DB.execute("INSERT OR IGNORE INTO events VALUES (?, ?, ?, ?)", [event["id"], lead, campaign, Time.now.to_i])
      apply(event) if DB.changes == 1
    end
  end
end

def parse(body)
  text = body.dup.force_encoding(Encoding::UTF_8)
  return nil unless text.valid_encoding?

  event = JSON.parse(text)
  Time.iso8601(event["timestamp"])
  event if event["id"].is_a?(String) && event["event"].is_a?(String) && event["data"].is_a?(Hash)
rescue JSON::ParserError, ArgumentError, TypeError, NoMethodError
  nil
end

def signed?(body, given)
  expected = "sha256=#{OpenSSL::HMAC.hexdigest("SHA256", SECRET, body)}"
  given.bytesize == expected.bytesize && OpenSSL.fixed_length_secure_compare(expected, given)
end

class Receiver < WEBrick::HTTPServlet::AbstractServlet
  def service(request, response)
    response.status = receive(request)
  end

  def receive(request)
    body = request.body.to_s
    return 404 unless request.path == PATH
    return 405 unless request.request_method == "POST"
    return 401 unless signed?(body, request["X-SendEmAll-Signature"].to_s)

    event = parse(body)
    return 400 if event.nil?

    handle(event)
    200
  rescue WEBrick::HTTPStatus::Status
    raise
  rescue StandardError
    500
  end
end

def total(name)
  DB.get_first_value("SELECT value FROM totals WHERE name = ?", [name]) || 0
end

def state_of(email)
  columns = "suppressed, unsubscribed, open_count, sentiment"
  row = DB.get_first_row("SELECT #{columns} FROM leads WHERE email = ?", [email])
  return nil if row.nil?

  sent = total("email.sent")
  rate = sent.zero? ? nil : [1, total("email.bounced").fdiv(sent)].min
  {
    suppressed: row[0] == 1, unsubscribed: row[1] == 1, open_count: row[2], sentiment: row[3],
    rates: { bounce_rate: rate }
  }
end

# Test hooks, on a port of their own.
class Hooks < WEBrick::HTTPServlet::AbstractServlet
  def service(request, response)
    found = LOCK.synchronize { answer(request) }
    response.status = found.nil? ? 404 : 200
    response.body = JSON.generate(found)
  end

  def answer(request)
    _, kind, key = request.unparsed_uri.split("/", 3)
    key = URI::DEFAULT_PARSER.unescape(key.to_s).force_encoding(Encoding::UTF_8)
    case kind
    when "effects" then { count: DB.get_first_value("SELECT count(*) FROM effects WHERE id = ?", [key]) }
    when "leads" then state_of(key)
    when "fault"
      $crm_is_down = JSON.parse(request.body)["fail"]
      {}
    end
  end
end

def server(port, servlet)
  server = WEBrick::HTTPServer.new(
    BindAddress: "127.0.0.1", Port: Integer(ENV.fetch(port)), DoNotReverseLookup: true,
    Logger: WEBrick::Log.new(File::NULL), AccessLog: []
  )
  server.mount("/", servlet)
  server
end

# Ends with whoever started it.
Thread.new do
  $stdin.read
  exit!
end
hooks = server("HOOKS_PORT", Hooks)
Thread.new { hooks.start }
server("PORT", Receiver).start
