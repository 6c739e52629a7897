output "dns_name" {
  description = "Name of the load balancer, which host names point to."
  value       = aws_lb.this.dns_name
}

output "zone_id" {
  description = "Hosted zone of that name, for alias records."
  value       = aws_lb.this.zone_id
}

output "group_name" {
  description = "Name of the Auto Scaling group."
  value       = aws_autoscaling_group.this.name
}

output "security_group_id" {
  description = "Security group of the machines; allow it to reach your services."
  value       = aws_security_group.machine.id
}

output "role_arn" {
  description = "ARN of the role that the machines have."
  value       = aws_iam_role.this.arn
}

output "configuration" {
  description = "The static configuration of Tidegate, as YAML."
  value       = yamlencode(local.configuration)
}
