# frozen_string_literal: true

# Receives the events of SendEmAll and keeps the leads of the sales team up to date.

require 'json'
require 'openssl'
require 'sqlite3'
require 'time'
require 'webrick'

SCHEMA = <<~SQL
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  CREATE TABLE IF NOT EXISTS events (id TEXT PRIMARY KEY, type TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS leads (
    email TEXT PRIMARY KEY,
    lead_id TEXT,
    suppressed INTEGER NOT NULL DEFAULT 0,
    unsubscribed INTEGER NOT NULL DEFAULT 0,
    open_count INTEGER NOT NULL DEFAULT 0,
    sentiment TEXT,
    replied_at REAL NOT NULL DEFAULT 0
  );
  CREATE INDEX IF NOT EXISTS leads_by_id ON leads (lead_id);
SQL

# Rows of leads.
class Leads
  def initialize(database)
    @database = database
  end

  def find(lead_id, email)
    @database.get_first_row('SELECT * FROM leads WHERE lead_id IS ? AND email = ?', [lead_id, email])
  end

  def find_or_create(lead_id, email)
    find(lead_id, email) || begin
      @database.execute('INSERT INTO leads (lead_id, email) VALUES (?, ?)', [lead_id, email])
      find(lead_id, email)
    end
  end

  def by_email(email)
    @database.get_first_row('SELECT * FROM leads WHERE email = ?', [email])
  end

  def update(lead, changes)
    changes.each do |column, value|
      @database.execute("UPDATE leads SET #{column} = ? WHERE email = ?", [value, lead['email']])
    end
  end
end

# Applies events, each once.
class Desk
  attr_accessor :down

  def initialize(path)
    @database = SQLite3::Database.new(path)
    @database.results_as_hash = true
    @database.execute_batch(SCHEMA)
    @leads = Leads.new(@database)
    @mutex = Mutex.new
    @down = false
  end

  def take(event)
    @mutex.synchronize do
      @database.transaction(:immediate) do
        @database.execute('INSERT OR IGNORE INTO events VALUES (?, ?)', event.values_at('id', 'event'))
        apply(event) if @database.changes == 1
      end
    end
  end

  def effects(id)
    @mutex.synchronize { @database.get_first_value('SELECT count(*) FROM events WHERE id = ?', [id]) }
  end

  def state(email)
    @mutex.synchronize do
      lead = @leads.by_email(email)
      lead && {
        suppressed: lead['suppressed'] == 1,
        unsubscribed: lead['unsubscribed'] == 1,
        open_count: lead['open_count'],
        sentiment: lead['sentiment'],
        rates: { bounce_rate: bounce_rate }
      }
    end
  end

  private

  def count(type)
    @database.get_first_value('SELECT count(*) FROM events WHERE type = ?', [type])
  end

  def bounce_rate
    sent = count('email.sent')
    sent.zero? ? nil : [1, count('email.bounced').fdiv(sent)].min
  end

  def apply(event)
    raise 'The CRM does not answer.' if @down

    data = event['data']
    email = data['lead_email']
    return unless email.is_a?(String)

    lead = @leads.find_or_create(data['lead_id']&.to_s, email)
    @leads.update(lead, changes(lead, event))
  end

  def changes(lead, event)
    data = event['data']
    case event['event']
    when 'email.bounced'
      data['bounce_type'] == 'hard' ? { suppressed: 1 } : {}
    when 'email.unsubscribed'
      data['suppressed_globally'] == true ? { unsubscribed: 1, suppressed: 1 } : { unsubscribed: 1 }
    when 'email.opened'
      count = data['open_count']
      count.is_a?(Numeric) ? { open_count: [lead['open_count'], [count, 2**60].min.to_i].max } : {}
    when 'email.replied'
      at = Time.iso8601(event['timestamp']).to_f
      at < lead['replied_at'] ? {} : { sentiment: data['reply_sentiment']&.to_s, replied_at: at }
    else
      {}
    end
  end
end

# POST /webhooks/sendemall
class Webhook < WEBrick::HTTPServlet::AbstractServlet
  def initialize(server, desk)
    super(server)
    @desk = desk
  end

  def service(request, response)
    response.content_type = 'application/json'
    response.status, message = outcome(request)
    response.body = JSON.generate(message: message)
  end

  private

  def outcome(request)
    return [404, 'Not found'] unless request.path == '/webhooks/sendemall'

    request.continue
    body = request.request_method == 'GET' ? '' : request.body.to_s
    return [405, 'Only POST'] unless request.request_method == 'POST'
    return [401, 'Invalid signature'] unless signed?(body, request['X-SendEmAll-Signature'].to_s)

    event = parse(body)
    return [400, 'Invalid event'] unless event
    return [200, 'Ignored'] unless event['event'].start_with?('email.', 'campaign.')

    @desk.take(event)
    [200, 'Received']
  rescue StandardError => e
    raise if e.is_a?(WEBrick::HTTPStatus::Status)

    [500, 'Try again later']
  end

  def signed?(body, given)
    expected = "sha256=#{OpenSSL::HMAC.hexdigest('SHA256', ENV.fetch('SENDEMALL_SECRET'), body)}"
    given.bytesize == expected.bytesize && OpenSSL.fixed_length_secure_compare(given, expected)
  end

  def parse(body)
    text = body.dup.force_encoding(Encoding::UTF_8)
    event = text.valid_encoding? ? scrub(JSON.parse(text)) : nil
    return unless event.is_a?(Hash) && event['data'].is_a?(Hash)
    return unless %w[id event timestamp].all? { |name| event[name].is_a?(String) }

    Time.iso8601(event['timestamp'])
    event
  rescue JSON::ParserError, ArgumentError
    nil
  end

  # Halves of surrogate pairs are not text.
  def scrub(value)
    case value
    when String then value.scrub
    when Array then value.map { |item| scrub(item) }
    when Hash then value.to_h { |name, item| [name.scrub, scrub(item)] }
    else value
    end
  end
end

# Test hooks, on a port of their own.
class Hooks < WEBrick::HTTPServlet::AbstractServlet
  def initialize(server, desk)
    super(server)
    @desk = desk
  end

  def service(request, response)
    _, kind, key = request.unparsed_uri.split('/', 3)
    key = WEBrick::HTTPUtils.unescape(key.to_s).force_encoding(Encoding::UTF_8)
    found = answer(kind, key, request)
    response.status = 404 if found.nil?
    response.body = JSON.generate(found)
  end

  private

  def answer(kind, key, request)
    case kind
    when 'effects' then { count: @desk.effects(key) }
    when 'leads' then @desk.state(key)
    else
      @desk.down = JSON.parse(request.body)['fail']
      {}
    end
  end
end

def serve(port, servlet, desk)
  server = WEBrick::HTTPServer.new(
    BindAddress: '127.0.0.1', Port: Integer(ENV.fetch(port)), AccessLog: [], Logger: WEBrick::Log.new(File::NULL)
  )
  server.mount('/', servlet, desk)
  Thread.new { server.start }
end

desk = Desk.new(ENV.fetch('DATABASE'))
serve('HOOKS_PORT', Hooks, desk)
serve('PORT', Webhook, desk)
$stdin.read
exit!
