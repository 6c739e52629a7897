# The same fleet; services are tasks of ECS and machines of Auto Scaling groups.

provider "aws" {
  region = var.region
}

module "tidegate" {
  source = "../../modules/asg-fleet"

  name                     = "edge"
  vpc_id                   = var.vpc_id
  subnet_ids               = var.subnet_ids
  load_balancer_subnet_ids = var.load_balancer_subnet_ids
  certificate_arn          = var.certificate_arn

  discovery = {
    domain      = "example.com"
    environment = "prod"

    ecs = { clusters = ["prod"] }
    ec2 = { filters = ["tag:team=shop"] }
  }

  size = {
    min     = 3
    desired = 3
    max     = 12
  }
}
