# frozen_string_literal: true

# Inbox for webhooks. A request that was seen before is a replay: see Guard.

require 'webrick'
require 'sqlite3'
require 'openssl'
require 'json'
require 'time'

DB = SQLite3::Database.new(ENV.fetch('DATABASE'))
DB.results_as_hash = true
DB.execute_batch(<<~SQL)
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = OFF;
  CREATE TABLE IF NOT EXISTS nonces (signature TEXT PRIMARY KEY, event_id TEXT, answered INTEGER);
  CREATE TABLE IF NOT EXISTS events (id TEXT PRIMARY KEY, type TEXT NOT NULL);
  CREATE INDEX IF NOT EXISTS events_type ON events (type);
  CREATE TABLE IF NOT EXISTS leads (
    email TEXT PRIMARY KEY, suppressed INTEGER DEFAULT 0, unsubscribed INTEGER DEFAULT 0,
    opens INTEGER DEFAULT 0, sentiment TEXT, replied_at REAL DEFAULT -1e15
  );
SQL
LOCK = Monitor.new

def sql(text, *values)
  LOCK.synchronize { DB.execute(text, values) }
end

# Answers with a status.
class Refusal < StandardError
  attr_reader :status

  def initialize(status, message)
    super(message)
    @status = status
  end
end

# Verifies that a request is genuine, and that it is the first one with its signature.
module Guard
  module_function

  def check(body, signature)
    digest = OpenSSL::HMAC.hexdigest('SHA256', ENV.fetch('SENDEMALL_SECRET'), body)
    raise Refusal.new(401, 'invalid signature') unless OpenSSL.secure_compare("sha256=#{digest}", signature)

    first = sql('SELECT * FROM nonces WHERE signature = ?', digest).first
    # The provider may deliver what we have processed once more.
    return :repeat if first && processed?(first['event_id'])
    raise Refusal.new(401, 'replayed request') if first

    digest
  end

  def remember(digest, id)
    sql('INSERT OR IGNORE INTO nonces VALUES (?, ?, ?)', digest, id, Time.now.to_i)
  end

  def processed?(id)
    !sql('SELECT 1 FROM events WHERE id = ?', id).empty?
  end
end

# Everything that an event changes.
module Crm
  class << self
    attr_accessor :offline

    def process(event)
      LOCK.synchronize do
        return if Guard.processed?(event['id'])
        raise 'CRM offline' if offline

        DB.transaction(:immediate) { apply(event) }
      end
    end

    def describe(email)
      lead = sql('SELECT * FROM leads WHERE email = ?', email).first
      return if lead.nil?

      sent, bounced = %w[email.sent email.bounced].map { |type| sql('SELECT count(*) AS n FROM events WHERE type = ?', type)[0]['n'] }
      { suppressed: lead['suppressed'] == 1, unsubscribed: lead['unsubscribed'] == 1, open_count: lead['opens'],
        sentiment: lead['sentiment'], rates: { bounce_rate: sent.zero? ? nil : [1.0, bounced.fdiv(sent)].min } }
    end

    private

    def apply(event)
      sql('INSERT INTO events VALUES (?, ?)', event['id'], event['event'])
      data = event['data']
      email = data['lead_email']
      return unless email.is_a?(String)

      sql('INSERT OR IGNORE INTO leads (email) VALUES (?)', email)
      case event['event']
      when 'email.opened' then opened(email, data['open_count'])
      when 'email.replied' then replied(email, data['reply_sentiment'], Time.iso8601(event['timestamp']).to_f)
      when 'email.bounced' then suppress(email) if data['bounce_type'] == 'hard'
      when 'email.unsubscribed'
        sql('UPDATE leads SET unsubscribed = 1 WHERE email = ?', email)
        suppress(email) if data['suppressed_globally'] == true
      end
    end

    def suppress(email)
      sql('UPDATE leads SET suppressed = 1 WHERE email = ?', email)
    end

    def opened(email, count)
      sql('UPDATE leads SET opens = max(opens, ?) WHERE email = ?', [count, 2**60].min.to_i, email) if count.is_a?(Numeric)
    end

    def replied(email, sentiment, at)
      sentiment = nil unless sentiment.is_a?(String)
      sql('UPDATE leads SET sentiment = ?, replied_at = ? WHERE email = ? AND replied_at <= ?', sentiment, at, email, at)
    end
  end
end

def parse(body)
  event = JSON.parse(body.dup.force_encoding('UTF-8').scrub, max_nesting: 200)
  valid = event.is_a?(Hash) && event['data'].is_a?(Hash) && event.values_at('id', 'event', 'timestamp').all?(String)
  raise ArgumentError, 'not an event' unless valid

  Time.iso8601(event['timestamp'])
  event['id'] = event['id'].scrub
  event['data'].transform_values! { |value| value.is_a?(String) ? value.scrub : value }
  event
rescue JSON::ParserError, JSON::NestingError, ArgumentError => e
  raise Refusal.new(400, e.message)
end

def take(body, signature)
  digest = Guard.check(body, signature)
  return if digest == :repeat

  event = parse(body)
  Guard.remember(digest, event['id'])
  Crm.process(event)
end

def receive(request)
  raise Refusal.new(404, 'not found') unless request.path == '/webhooks/sendemall'

  body = %w[POST PUT].include?(request.request_method) ? request.body.to_s : ''
  raise Refusal.new(405, 'POST only') unless request.request_method == 'POST'

  LOCK.synchronize { take(body, request['X-SendEmAll-Signature'].to_s) }
end

def webhook(request, response)
  request.continue
  receive(request)
  response.status = 200
rescue Refusal => e
  response.status = e.status
rescue RuntimeError, SQLite3::Exception
  response.status = 500
ensure
  response['Content-Type'] = 'text/plain'
  response.body = "#{response.status}\n"
end

def hook(request, response)
  _, kind, key = request.unparsed_uri.split('/', 3)
  key = WEBrick::HTTPUtils.unescape(key.to_s).force_encoding('UTF-8')
  case kind
  when 'effects' then answer = { count: Guard.processed?(key) ? 1 : 0 }
  when 'leads' then answer = Crm.describe(key)
  when 'fault'
    Crm.offline = JSON.parse(request.body)['fail']
    answer = {}
  end
  response.status = 404 if answer.nil?
  response.body = JSON.generate(answer)
end

# Serves all methods with one function.
class Servlet < WEBrick::HTTPServlet::AbstractServlet
  def initialize(server, function)
    super(server)
    @function = function
  end

  def service(request, response)
    @function.call(request, response)
  end
end

{ 'HOOKS_PORT' => method(:hook), 'PORT' => method(:webhook) }.each do |port, function|
  server = WEBrick::HTTPServer.new(BindAddress: '127.0.0.1', Port: ENV.fetch(port).to_i, MaxClients: 250,
                                   AccessLog: [], Logger: WEBrick::Log.new(File::NULL))
  server.mount('/', Servlet, function)
  Thread.new { server.start }
end
$stdin.read
exit!(0)
