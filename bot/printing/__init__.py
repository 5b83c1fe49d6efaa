"""What is printed for an enrolment day: slips with personal codes, and a school's poster."""
