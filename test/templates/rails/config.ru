# frozen_string_literal: true

require_relative 'application'
require 'puma/launcher'
Rails.application.initialize!
run Rails.application
