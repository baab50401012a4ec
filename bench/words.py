"""The words that generated customers are made of: Vietnamese names, streets, catalog values."""

from __future__ import annotations

FAMILY = (
    "Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Huỳnh", "Phan", "Vũ", "Võ", "Đặng", "Bùi", "Đỗ",
    "Hồ", "Ngô", "Dương", "Lý", "Đinh", "Trịnh", "Mai", "Tạ",
)  # fmt: skip
MIDDLE = (
    "Văn", "Thị", "Hữu", "Minh", "Ngọc", "Thanh", "Quốc", "Đức", "Thu", "Kim", "Xuân", "Hồng",
    "Phương", "Gia", "Bảo", "Tuấn",
)  # fmt: skip
GIVEN = (
    "An", "Anh", "Bình", "Châu", "Cường", "Dũng", "Duyên", "Đạt", "Giang", "Hà", "Hải", "Hạnh",
    "Hiếu", "Hoa", "Hùng", "Hương", "Khánh", "Lan", "Linh", "Long", "Mai", "Nam", "Nga", "Nhung",
    "Oanh", "Phúc", "Quân", "Quỳnh", "Sơn", "Tâm", "Thảo", "Thủy", "Trang", "Trung", "Tú", "Uyên",
    "Việt", "Vy", "Yến",
)  # fmt: skip
FORMS = (
    "Công ty TNHH", "Công ty Cổ phần", "Công ty TNHH MTV", "Doanh nghiệp tư nhân", "Cửa hàng",
    "Hợp tác xã", "Hộ kinh doanh",
)  # fmt: skip
TRADES = (
    "Thương mại", "Xây dựng", "Vận tải", "Cơ khí", "Nông sản", "Dược phẩm", "Thực phẩm",
    "Điện máy", "Nội thất", "May mặc", "Du lịch", "Thiết bị y tế", "Bao bì", "Thủy sản",
)  # fmt: skip
HOUSES = (
    "Sao Việt", "Minh Phát", "Hoàng Gia", "Đại Thành", "Thiên Long", "An Bình", "Phú Quý",
    "Trường Sơn", "Hồng Hà", "Bảo Tín", "Tân Tiến", "Việt Hưng", "Nam Á", "Đông Đô", "Kim Ngân",
    "Thành Công", "Hòa Bình", "Phương Nam",
)  # fmt: skip
STREETS = (
    "Lê Lợi", "Trần Hưng Đạo", "Nguyễn Huệ", "Hai Bà Trưng", "Lý Thường Kiệt", "Điện Biên Phủ",
    "Nguyễn Trãi", "Cách Mạng Tháng Tám", "Giải Phóng", "Láng", "Phan Đình Phùng", "Quang Trung",
)  # fmt: skip
WARDS = (
    "phường Bến Nghé", "phường Cầu Giấy", "phường Thạch Thang", "xã Quế Võ", "phường Ninh Kiều",
    "phường Ngô Quyền", "xã Long Thành", "phường Vĩnh Hải", "thị trấn Đông Anh",
)  # fmt: skip
PROVINCES = (
    "Hà Nội", "TP. Hồ Chí Minh", "Thành phố Hồ Chí Minh", "Đà Nẵng", "Hải Phòng", "Cần Thơ", "Huế",
    "Bắc Ninh", "Đồng Nai", "Khánh Hòa", "Lâm Đồng", "Nghệ An", "Thanh Hóa", "Quảng Ninh",
)  # fmt: skip
TITLES = (
    "Giám đốc", "Phó giám đốc", "Kế toán trưởng", "Trưởng phòng mua hàng", "Nhân viên mua hàng",
    "Trợ lý", "Chủ cửa hàng", "Quản lý kho",
)  # fmt: skip
NOTES = (
    "Gặp tại hội chợ tháng 10", "Gọi lại sau Tết", "Muốn xem mẫu mới", "Hỏi giá sỉ",
    "Giao hàng buổi sáng", "Thanh toán chuyển khoản", "Đã gửi báo giá, chờ phản hồi",
    "Khách quen, ưu tiên giao trước", "Cần hóa đơn giá trị gia tăng",
)  # fmt: skip
MAIL_HOSTS = ("gmail.com", "example.com", "yahoo.com.vn", "congty.vn", "outlook.com")
DOMAINS = ("vn", "com.vn", "com", "net")
MOBILES = (
    "032", "033", "034", "035", "036", "037", "038", "039", "070", "076", "079", "081", "083",
    "085", "090", "091", "093", "094", "096", "097", "098",
)  # fmt: skip

CATALOGS: dict[str, tuple[str, ...]] = {
    "CustomerType": ("Khách lẻ", "Khách sỉ", "Đại lý cấp 1", "Đại lý cấp 2", "Dự án", "Nội bộ"),
    "SalesGroup": (
        "Miền Bắc", "Miền Trung", "Miền Nam", "Tây Nguyên", "Xuất khẩu", "Khách VIP", "Khách mới",
    ),
    "SalesChannel": ("Cửa hàng", "Điện thoại", "Website", "Zalo", "Sàn TMĐT", "Đại diện"),
    "CustomerSource": (
        "Facebook", "Google", "Giới thiệu", "Hội chợ", "Tờ rơi", "Khách cũ", "Email", "TikTok",
    ),
    "Industry": tuple(f"Ngành {trade.lower()}" for trade in TRADES),
    "CompanySize": ("Dưới 10 người", "10 - 50 người", "51 - 200 người", "Trên 200 người"),
    "CustomerStatus": (
        "Tiềm năng", "Đang liên hệ", "Đã báo giá", "Đang thương lượng", "Đã mua", "Ngừng giao dịch",
    ),
    "CustomerTier": ("Vàng", "Bạc", "Đồng", "Kim cương"),
}  # fmt: skip
"""Model → the names of its records, all of which are there before anything is imported."""

OWNERS = tuple(f"nhanvien{n:02d}" for n in range(1, 21))
"""User names."""
