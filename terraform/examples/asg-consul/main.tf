# A fleet of small machines behind a load balancer that terminates TLS; services are those of a Consul catalog.

provider "aws" {
  region = var.region
}

module "tidegate" {
  source = "../../modules/asg-fleet"

  vpc_id                   = var.vpc_id
  subnet_ids               = var.subnet_ids
  load_balancer_subnet_ids = var.load_balancer_subnet_ids
  certificate_arn          = var.certificate_arn
  alarm_actions            = var.alarm_actions

  discovery = {
    domain      = "example.com"
    environment = "prod"

    consul = {
      address          = var.consul_address
      token_secret_arn = var.consul_token_secret_arn
    }
  }
}
