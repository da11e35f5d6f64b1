# frozen_string_literal: true

# The smallest Rails application that runs the template: `puma -p 3000 config.ru`. A project made by `rails new` has all
# of this.
ENV['RAILS_ENV'] ||= 'production'
require 'rails'
require 'action_controller/railtie'

class Receiver < Rails::Application
  config.root = __dir__
  config.eager_load = true
  config.secret_key_base = 'a' * 64
  config.logger = Logger.new($stderr, level: Logger::ERROR)
  config.hosts.clear
end
